#!/bin/sh
# The tests of a package pattern, with the race detector: test.sh ./... [FLAGS]
#
# Those of cmd/migr start thousands of processes, each of which would pay for the
# detector's start: they run without it. `test.sh ./cmd/migr` runs them with it.
# Much of the time is waiting (for servers, for locks): four tests of a package at once.
set -u
GO=${GO:-go}
pkg=${1:-./...}
[ $# -gt 0 ] && shift
race() { CGO_ENABLED=1 "$GO" test -race -parallel 4 -timeout 20m "$@"; }

if [ "$pkg" != ./... ]; then
	race "$@" "$pkg"
	exit
fi
rc=0
MIGR_TEST_TALLY=$(mktemp) && export MIGR_TEST_TALLY
# shellcheck disable=SC2046 # a list of packages
race "$@" $("$GO" list ./... | grep -v '/cmd/migr$') || rc=1
CGO_ENABLED=0 "$GO" test -parallel 4 -timeout 20m "$@" ./cmd/migr || rc=1
cat "$MIGR_TEST_TALLY" && rm -f "$MIGR_TEST_TALLY"
exit $rc
