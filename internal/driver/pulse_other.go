//go:build !linux

package driver

import (
	"syscall"
	"time"
)

// userTimeout is Linux's.
func userTimeout(time.Duration) func(network, address string, c syscall.RawConn) error { return nil }
