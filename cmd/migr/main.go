// Command migr keeps a database's schema under version control.
package main

import (
	"fmt"
	"os"
)

func main() { os.Exit(main1()) }

// main1 is main without the exit, for the test binary.
func main1() int {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Fprintln(os.Stdout, "migr (devel)")
		return 0
	}
	fmt.Fprintln(os.Stderr, "error: no such command")
	return 64
}
