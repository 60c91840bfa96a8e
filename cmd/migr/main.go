// Command migr brings databases along with the models of the code.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

func main() { os.Exit(main1()) }

// main1 runs migr with the process's arguments, environment and streams and
// returns the exit code.
func main1() int {
	dir, err := os.Getwd()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: the working directory cannot be read:", err)
		return exitFailed
	}
	a := &app{
		in: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), dir: dir,
		now: clock, rand: random,
		outTTY: term.IsTerminal(int(os.Stdout.Fd())), errTTY: term.IsTerminal(int(os.Stderr.Fd())), inTTY: term.IsTerminal(int(os.Stdin.Fd())),
	}
	ctx, stop := withSignals(context.Background(), os.Stderr)
	defer stop()
	return a.run(ctx, os.Args[1:])
}

// A signalError is why a context was cancelled.
type signalError struct{ os.Signal }

func (e signalError) Error() string { return "stopped by " + name(e.Signal) }

func name(s os.Signal) string {
	if s == os.Interrupt {
		return "SIGINT"
	}
	return "SIGTERM"
}

func (e signalError) code() int {
	if e.Signal == os.Interrupt {
		return exitInterrupted
	}
	return exitTerminated
}

// withSignals cancels the context at the first SIGINT or SIGTERM, so that the
// statement in hand is ended cleanly; the second stops at once.
func withSignals(ctx context.Context, w io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	go func() {
		s, ok := <-ch
		if !ok {
			return
		}
		fmt.Fprintf(w, "%s: ending the statement in hand (again: stop at once)\n", name(s))
		cancel(signalError{s})
		if s, ok = <-ch; ok {
			os.Exit(signalError{s}.code())
		}
	}()
	return ctx, func() { signal.Stop(ch); close(ch) }
}

// stopped returns the signal that ended the work, if one did.
func stopped(ctx context.Context) (signalError, bool) {
	var s signalError
	return s, errors.As(context.Cause(ctx), &s)
}
