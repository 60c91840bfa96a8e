package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// version is set when a release is built; elsewhere it is read from the build.
var version = buildVersion()

func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return info.Main.Version
}

func (a *app) configCommand() *cobra.Command {
	return &cobra.Command{
		Use: "config", Short: "every setting and where it came from, secrets masked", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			type setting struct {
				Key     string `json:"key"`
				Value   any    `json:"value"`
				Origin  string `json:"origin"`
				Problem string `json:"problem,omitempty"`
			}
			var list []setting
			for _, v := range a.cfg.Values {
				list = append(list, setting{v.Key, v.Value, v.Origin, v.Problem})
			}
			return a.result(map[string]any{"file": a.cfg.File, "env": a.cfg.EnvName, "settings": list}, func() {
				s := a.style()
				for _, v := range list {
					line := fmt.Sprintf("%-18s %s  %s", v.Key, valueText(v.Value), s.Dim("("+v.Origin+")"))
					if v.Problem != "" {
						line += "  " + s.Red(v.Problem)
					}
					a.print("%s", line)
				}
			})
		},
	}
}

func valueText(v any) string {
	switch v := v.(type) {
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	case string:
		if v == "" {
			return `""`
		}
		return v
	}
	return fmt.Sprint(v)
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "migr's version", Args: cobra.NoArgs, Annotations: map[string]string{"config": "no"},
		RunE: func(*cobra.Command, []string) error {
			return a.result(map[string]any{"migr": version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH}, func() {
				a.print("migr %s (%s, %s/%s)", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			})
		},
	}
}

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "completion bash|zsh|fish|powershell", Short: "the shell's completion script", Annotations: map[string]string{"config": "no"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("completion needs the shell: bash, zsh, fish or powershell")
			}
			return nil
		},
		ValidArgs: []string{"bash", "zsh", "fish", "powershell"},
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			case "powershell":
				return root.GenPowerShellCompletionWithDesc(a.out)
			}
			return usagef("there is no completion for %q: bash, zsh, fish, powershell", args[0])
		},
	}
}
