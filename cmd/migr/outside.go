package main

import (
	"crypto/rand"
	"io"
	"time"
)

// What differs from run to run; the test binary puts something fixed here.
// random is for revision ids alone: what must be unique among processes that
// share a server (scratch databases, lock tokens) asks crypto/rand itself.
var (
	clock            = time.Now
	random io.Reader = rand.Reader
)
