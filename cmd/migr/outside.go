package main

import (
	"crypto/rand"
	"io"
	"time"

	"github.com/migr-dev/migr/internal/hclprogram"
)

// What differs from run to run; the test binary puts something fixed here.
// random is for revision ids alone: what must be unique among processes that
// share a server (scratch databases, lock tokens) asks crypto/rand itself.
var (
	clock            = time.Now
	random io.Reader = rand.Reader
	// packedHCL is what `make build` put in, which may be older than the code at hand.
	packedHCL = hclprogram.Packed
	// pulse is after which silence a server is asked whether it is there; 0: as package driver has it.
	pulse time.Duration
)
