//go:build !unix

package source

import "os/exec"

func group(*exec.Cmd) {}

func endGroup(*exec.Cmd) {}

// Shell returns the program and arguments that run a line of the shell.
func Shell(line string) []string { return []string{"cmd", "/C", line} }
