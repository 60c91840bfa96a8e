// Package mysql is the dialect of MySQL and MariaDB, through go-sql-driver.
package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Dialect returns that of MySQL and MariaDB.
func Dialect() *driver.Dialect {
	return &driver.Dialect{
		Name: "mysql", Family: sqltext.MySQL, Schemes: []string{"mysql", "mariadb"},
		Open: open, Server: server, Scratch: scratch, Clean: clean, Busy: busy,
		TryLock: tryLock, Unlock: unlock, Holder: holder,
		Begin: "START TRANSACTION", Settings: settings,
		NoTx: func(string) string { return "" },
		Tables: driver.TableTypes{
			ID: "bigint NOT NULL AUTO_INCREMENT PRIMARY KEY", Time: "datetime(3)", Text: "longtext",
			Now: "utc_timestamp(3)", User: "current_user()", Tail: " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		},
		Batch: batch, Empty: empty, Reset: reset,
		Explain: explain,
	}
}

func open(u *dburl.URL, o driver.Options) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.DBName = u.User, u.Password, u.Database
	cfg.Net, cfg.Addr = "tcp", u.Host
	if u.Port != "" {
		cfg.Addr = u.Host + ":" + u.Port
	}
	// As a dump and a server's own client do: several statements in one text.
	cfg.MultiStatements, cfg.InterpolateParams, cfg.ParseTime = true, true, false
	cfg.AllowNativePasswords = true
	cfg.Logger = log{}
	cfg.Timeout = o.Timeout
	if err := parameters(cfg, u); err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// log drops what the driver would print on stderr by itself.
type log struct{}

func (log) Print(...any) {}

// parameters reads the URL's query: what the driver knows and, for anything
// else, session variables as go-sql-driver's own DSN has them.
func parameters(cfg *mysql.Config, u *dburl.URL) error {
	for name, values := range u.Query {
		v := values[len(values)-1]
		switch name {
		case "unix_socket", "socket":
			cfg.Net, cfg.Addr = "unix", v
		case "charset":
			cfg.Params = with(cfg.Params, "charset", v)
		case "tls", "ssl-mode", "sslmode", "ssl_mode":
			mode, ok := tlsModes[strings.ToLower(v)]
			if !ok {
				return fmt.Errorf("unknown TLS mode %q (disabled, preferred, required, verify_ca)", v)
			}
			cfg.TLSConfig = mode
		case "collation":
			cfg.Collation = v
		case "timeout", "readTimeout", "writeTimeout":
			d, err := time.ParseDuration(v)
			if err != nil {
				return fmt.Errorf("%s=%q is no duration", name, v)
			}
			map[string]func(){"timeout": func() { cfg.Timeout = d }, "readTimeout": func() { cfg.ReadTimeout = d }, "writeTimeout": func() { cfg.WriteTimeout = d }}[name]()
		case "parseTime", "multiStatements", "loc", "allowNativePasswords", "interpolateParams":
			// migr's own choice holds
		default:
			cfg.Params = with(cfg.Params, name, v)
		}
	}
	return nil
}

var tlsModes = map[string]string{
	"disabled": "false", "disable": "false", "false": "false", "preferred": "preferred", "prefer": "preferred",
	"required": "skip-verify", "require": "skip-verify", "skip-verify": "skip-verify",
	"verify_ca": "true", "verify-ca": "true", "verify_identity": "true", "verify-full": "true", "true": "true",
}

func with(m map[string]string, k, v string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[k] = v
	return m
}

var versionText = regexp.MustCompile(`^(\d+)\.(\d+)\.(\d+)`)

func server(ctx context.Context, c *driver.Conn) (driver.Server, error) {
	var version string
	var db sql.NullString
	s := driver.Server{Product: "MySQL"}
	err := c.QueryRowContext(ctx, "SELECT version(), database(), current_user()").Scan(&version, &db, &s.User)
	if err != nil {
		return s, err
	}
	if strings.Contains(strings.ToLower(version), "mariadb") {
		s.Product = "MariaDB"
	}
	if m := versionText.FindStringSubmatch(version); m != nil {
		for _, part := range m[1:] {
			n, _ := strconv.Atoi(part)
			s.Version = s.Version*100 + n
		}
	}
	s.Database, s.Home = db.String, db.String
	if s.Database == "" {
		return s, errors.New("the URL names no database")
	}
	return s, nil
}

func settings(t driver.Timeouts) []string {
	if t.Lock <= 0 {
		return nil
	}
	// lock_wait_timeout bounds the wait for a metadata lock, in whole seconds
	// (MariaDB 10.11: 86400 by default, MySQL 9: a year).
	return []string{fmt.Sprintf("SET lock_wait_timeout = %d, innodb_lock_wait_timeout = %[1]d", max(1, int(t.Lock.Seconds())))}
}

// lockName fits GET_LOCK's 64 characters (MySQL 5.7 and later).
func lockName(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return sqltext.QuoteLiteral(sqltext.MySQL, fmt.Sprintf("migr:%016x", h.Sum64()))
}

func tryLock(ctx context.Context, c *driver.Conn, name string) (bool, error) {
	var got sql.NullInt64
	err := c.QueryRowContext(ctx, "SELECT get_lock("+lockName(name)+", 0)").Scan(&got)
	return got.Int64 == 1, err
}

func unlock(ctx context.Context, c *driver.Conn, name string) error {
	var held sql.NullInt64
	err := c.QueryRowContext(ctx, "SELECT release_lock("+lockName(name)+")").Scan(&held)
	if err == nil && held.Int64 != 1 {
		return errors.New("the lock was not held by this session any more")
	}
	return err
}

func holder(ctx context.Context, c *driver.Conn, name string) string {
	rows, err := c.Strings(ctx, "SELECT id, user, host, time FROM information_schema.processlist WHERE id = is_used_lock("+lockName(name)+")")
	if err != nil || len(rows) == 0 {
		return ""
	}
	r := rows[0]
	return fmt.Sprintf("connection %s, user %s, from %s", r[0], r[1], r[2])
}

var causes = map[uint16]driver.Cause{
	1146: driver.NoTable, 1044: driver.NoRights, 1142: driver.NoRights, 1227: driver.NoRights, 1370: driver.NoRights, 1045: driver.BadLogin, 1049: driver.NoDatabase,
	1205: driver.LockWait, 1213: driver.LockWait, 1290: driver.ReadOnly, 1792: driver.ReadOnly, 1836: driver.ReadOnly,
	1021: driver.Full, 1114: driver.Full, 1050: driver.Exists, 1304: driver.Exists, 1359: driver.Exists, 1061: driver.Exists,
	1824: driver.Missing, 1305: driver.Missing, 1054: driver.Missing, 1356: driver.Missing, 1072: driver.Missing,
}

var atLine = regexp.MustCompile(`at line (\d+)$`)

func explain(err error) *driver.ServerError {
	if errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &driver.ServerError{Cause: driver.Lost, Message: err.Error()}
	}
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return nil
	}
	s := &driver.ServerError{Code: strconv.Itoa(int(e.Number)), Message: e.Message, Cause: causes[e.Number]}
	if e.SQLState != ([5]byte{}) {
		s.Code += ", SQLSTATE " + string(e.SQLState[:])
	}
	if m := atLine.FindStringSubmatch(e.Message); m != nil {
		s.Line, _ = strconv.Atoi(m[1])
	}
	return s
}
