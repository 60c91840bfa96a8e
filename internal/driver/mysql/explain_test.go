package mysql

import (
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/migr-dev/migr/internal/driver"
)

// TestConflictOfNodes: what comes second on another node of a replication group is
// ended at COMMIT, in either of two ways, and can be tried again.
func TestConflictOfNodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  mysql.MySQLError
		want driver.Cause
	}{
		{mysql.MySQLError{Number: 3101, Message: "Plugin instructed the server to rollback the current transaction."}, driver.LockWait},
		{mysql.MySQLError{Number: 1180, Message: "Got error 149 - 'Lock deadlock; Retry transaction' during COMMIT"}, driver.LockWait},
		{mysql.MySQLError{Number: 1180, Message: "Got error 28 - 'No space left on device' during COMMIT"}, driver.Other},
	} {
		if got := explain(&c.err).Cause; got != c.want {
			t.Errorf("%v: cause %d, want %d", &c.err, got, c.want)
		}
	}
}

// TestLost: after each of these the driver has closed the connection.
func TestLost(t *testing.T) {
	t.Parallel()
	for _, err := range []error{mysql.ErrInvalidConn, mysql.ErrPktSync, mysql.ErrPktSyncMul} {
		if e := explain(fmt.Errorf("sending: %w", err)); e == nil || e.Cause != driver.Lost {
			t.Errorf("%v: %v", err, e)
		}
	}
	if e := explain(mysql.ErrBusyBuffer); e != nil {
		t.Errorf("a full buffer is taken for a lost connection: %v", e)
	}
}
