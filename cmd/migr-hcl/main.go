// Command migr-hcl reads and writes HCL for migr, which starts it: one question
// on standard input, one answer on standard output. It is the only program that
// is linked with Atlas.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/migr-dev/migr/internal/hclprogram"
	outputhcl "github.com/migr-dev/migr/internal/output/hcl"
	"github.com/migr-dev/migr/internal/source/hcl"
)

func main() {
	work := hclprogram.Work{Open: hcl.Open, Marshal: outputhcl.Marshal}
	if err := work.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
