package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/migr-dev/migr/internal/testdb"
)

const testdbScript = "../../scripts/testdb.sh"

// diskSize is that of the file system of a server of our own, while it is not full.
const diskSize = "1g"

var exported = regexp.MustCompile(`(?m)^export (\w+)='(.*)'$`)

// alone is the engine on a server of its own, which may be killed, and whose disk may
// be full: it is a file system in memory whose size is changed.
func (v *victim) alone(t *testing.T) (*victim, error) {
	t.Helper()
	disk, err := os.MkdirTemp("", "migr-torture-")
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() { _ = os.RemoveAll(disk) })
	o := *v
	if err := syscall.Mount("none", disk, "tmpfs", 0, "mode=0755,size="+diskSize); err == nil {
		o.disk = disk
		t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	}
	if err := os.Chmod(disk, 0o755); err != nil {
		return nil, err
	}
	// an empty one could not be made smaller: 0 stands for no limit
	if err := os.WriteFile(filepath.Join(disk, "ballast"), make([]byte, 1<<16), 0o600); err != nil {
		return nil, err
	}
	if v.Env == "" {
		return &o, nil
	}
	up := exec.Command(testdbScript, "up", v.Name)
	up.Env = append(os.Environ(), "MIGR_TESTDB_DURABLE=1", "MIGR_TESTDB_TMP="+disk)
	out, err := up.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("testdb.sh up %s: %w\n%s", v.Name, err, out)
	}
	o.Env = "MIGR_TEST_TORTURE_" + strings.ToUpper(v.Name)
	for _, m := range exported.FindAllStringSubmatch(string(out), -1) {
		switch {
		case strings.HasSuffix(m[1], "_URL"):
			if err := os.Setenv(o.Env, m[2]); err != nil {
				return nil, err
			}
		case strings.HasSuffix(m[1], "_DIR"):
			o.home = m[2]
			t.Cleanup(func() { _ = exec.Command(testdbScript, "down", o.home).Run() })
		}
	}
	o.admin = testdb.Open(t, os.Getenv(o.Env))
	return &o, nil
}

// crash kills the server, and starts it again.
func (v *victim) crash() error {
	c := exec.Command(testdbScript, "crash", v.home)
	c.Env = append(os.Environ(), "MIGR_TESTDB_DURABLE=1")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("testdb.sh crash: %w\n%s", err, out)
	}
	return nil
}

// fill leaves no page free on the server's disk.
func (v *victim) fill() error {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(v.disk, &fs); err != nil {
		return err
	}
	return v.resize(fmt.Sprint((fs.Blocks - fs.Bfree) * uint64(fs.Bsize)))
}

func (v *victim) resize(size string) error {
	if err := syscall.Mount("none", v.disk, "tmpfs", syscall.MS_REMOUNT, "mode=0755,size="+size); err != nil {
		return fmt.Errorf("making the disk %s large: %w", size, err)
	}
	return nil
}

// free gives the disk its room back. A server that gave up on it is started again.
func (v *victim) free() error {
	if err := v.resize(diskSize); err != nil {
		return err
	}
	for range 20 {
		if v.admin.Ping() == nil {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err := v.crash(); err != nil {
		return err
	}
	if v.admin.Ping() != nil {
		return errors.New("the server does not come up again")
	}
	return nil
}
