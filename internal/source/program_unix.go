//go:build unix

package source

import (
	"os/exec"
	"syscall"
	"time"
)

// group gives the command a group of processes of its own. When its context
// ends, the whole group is asked to end.
func group(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		go func() {
			time.Sleep(grace / 2)
			endGroup(cmd)
		}()
		return err
	}
}

// endGroup ends what is left of the command's group.
func endGroup(cmd *exec.Cmd) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}

// Shell returns the program and arguments that run a line of the shell.
func Shell(line string) []string { return []string{"sh", "-c", line} }
