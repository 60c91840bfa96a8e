package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// completeRevisions offers revision ids, labels and the symbolic names to the shell.
func (a *app) completeRevisions(_ *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if err := a.load(); err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	g, err := a.graph()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	words := []cobra.Completion{"head", "heads", "base"}
	for _, r := range g.All() {
		words = append(words, cobra.CompletionWithDesc(string(r.ID), r.Message))
		for _, l := range r.Labels {
			words = append(words, cobra.CompletionWithDesc(l, "label of "+string(r.ID)))
		}
	}
	var fit []cobra.Completion
	for _, w := range words {
		if strings.HasPrefix(w, begun) {
			fit = append(fit, w)
		}
	}
	return fit, cobra.ShellCompDirectiveNoFileComp
}

// takesRevisions are the commands whose arguments are revisions.
var takesRevisions = map[string]bool{
	"upgrade": true, "downgrade": true, "down": true, "show": true, "sql": true, "stamp": true, "edit": true,
	"merge": true, "rebase": true, "remove": true, "squash": true,
}
