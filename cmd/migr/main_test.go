package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/migr-dev/migr/internal/hclprogram"
	outputhcl "github.com/migr-dev/migr/internal/output/hcl"
	"github.com/migr-dev/migr/internal/source/hcl"
)

// The test binary is migr as well: the scripts of testdata/script and the
// documents' examples run it under that name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"migr": func() { os.Exit(fixedMain()) },
		// as cmd/migr-hcl: the test binary is linked with Atlas, migr is not
		hclprogram.Name: func() {
			work := hclprogram.Work{Open: hcl.Open, Marshal: outputhcl.Marshal}
			if err := work.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
		},
	})
}

// fixedMain is migr with a clock and ids that a test can know beforehand. Only
// the test binary obeys these variables:
//
//	MIGR_TEST_CLOCK  the time it is, RFC 3339
//	MIGR_TEST_IDS    a file that counts; the n-th id of the script is made of n:
//	                 010101010101, 020202020202, ...
//	MIGR_TEST_SEED   with it, ids look random, and are the same each time
//	MIGR_TEST_PULSE  after which silence a server is asked whether it is there
func fixedMain() int {
	packedHCL = func() []byte { return nil }
	if s := os.Getenv("MIGR_TEST_CLOCK"); s != "" {
		t, err := time.Parse(time.RFC3339, s)
		if err != nil {
			fmt.Fprintln(os.Stderr, "MIGR_TEST_CLOCK:", err)
			return 64
		}
		clock = func() time.Time { return t }
	}
	if s := os.Getenv("MIGR_TEST_PULSE"); s != "" {
		var err error
		if pulse, err = time.ParseDuration(s); err != nil {
			fmt.Fprintln(os.Stderr, "MIGR_TEST_PULSE:", err)
			return 64
		}
	}
	if s := os.Getenv("MIGR_TEST_TAP"); s != "" {
		list, p := products, newTap(s)
		products = func() []*product { return p.on(list()) }
	}
	if f := os.Getenv("MIGR_TEST_IDS"); f != "" {
		random = counter{file: f, seed: os.Getenv("MIGR_TEST_SEED")}
	}
	return main1()
}

// A counter is a random source each Read of which is another number's bytes. It
// counts in a file, as each command of a script is a process of its own, and
// only when read, so that a command without ids does not change those of others.
type counter struct{ file, seed string }

func (c counter) Read(p []byte) (int, error) {
	n := 1
	if b, err := os.ReadFile(c.file); err == nil {
		if n, err = strconv.Atoi(string(b)); err != nil {
			return 0, fmt.Errorf("count ids: %w", err)
		}
		n++
	}
	if err := os.WriteFile(c.file, []byte(strconv.Itoa(n)), 0o600); err != nil {
		return 0, fmt.Errorf("count ids: %w", err)
	}
	sum := sha256.Sum256([]byte(c.seed + strconv.Itoa(n)))
	for i := range p {
		p[i] = byte(n)
		if c.seed != "" {
			p[i] = sum[i%len(sum)]
		}
	}
	return len(p), nil
}
