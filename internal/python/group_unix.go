//go:build unix

package python

import (
	"os/exec"
	"syscall"
)

// ownGroup puts the interpreter into a process group of its own, and ends all of
// it when the time is over: what the project's modules started goes too.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
