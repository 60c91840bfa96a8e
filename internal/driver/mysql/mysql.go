// Package mysql is the dialect of MySQL and MariaDB, through go-sql-driver.
package mysql

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/go-sql-driver/mysql"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

// Dialect returns that of MySQL and MariaDB.
func Dialect() *driver.Dialect {
	return &driver.Dialect{
		Name: "mysql", Family: sqltext.MySQL, Schemes: []string{"mysql", "mariadb"},
		Tested: map[string]driver.Tested{
			"MySQL":   {From: 80000, Below: 100000, Text: "8.0 to 9"},
			"MariaDB": {From: 100600, Below: 120000, Text: "10.6 to 11"},
		},
		Open: open, Server: server, Scratch: scratch, Borrow: borrow, Wipe: wipe,
		TryLock: tryLock, Unlock: unlock, Holder: holder, Frail: frail, Busy: busy, Blockers: blockers, EndSession: "KILL %s", Cancel: cancel,
		Begin: "START TRANSACTION", Settings: settings, Guess: guess, Limit: limit,
		NoTx:   func([]string, int) string { return "" },
		Refuse: refuse, Carried: carried, Rows: rowsOnly, Undone: undone, Running: running, Alone: alone, Reached: &driver.Reached{Set: "SET @migr_n = %d", Ask: "SELECT @migr_n"},
		Tables: driver.TableTypes{
			ID: "bigint NOT NULL AUTO_INCREMENT PRIMARY KEY", Time: "datetime(3)", Text: "longtext",
			Now: "utc_timestamp(3)", Unix: "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)", User: "current_user()", Tail: " DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
		},
		Batch: batch, Empty: empty, Reset: reset, Relax: "SET foreign_key_checks = 0",
		Facts: facts, Explain: explain,
	}
}

func open(u *dburl.URL, o driver.Options) (*sql.DB, error) {
	set, err := u.MySQL()
	if err != nil {
		return nil, err
	}
	cfg, err := mysql.ParseDSN("/?" + set.Params)
	if err != nil {
		return nil, errors.New("a parameter of the URL is not one that the MySQL driver can read")
	}
	cfg.User, cfg.Passwd, cfg.DBName = set.User, set.Password, set.Database
	cfg.Net, cfg.Addr = set.Net, set.Addr
	// As the server's own client does: several statements in one text, and texts
	// as the server gives them.
	cfg.MultiStatements, cfg.InterpolateParams, cfg.ParseTime = true, true, false
	cfg.Logger = log{}
	if cfg.ConnectionAttributes == "" && o.Client != "" {
		cfg.ConnectionAttributes = "program_name:migr,migr_client:" + strings.ReplaceAll(o.Client, ":", "-")
		if !o.Since.IsZero() { // neither ':' nor ',' may stand in a value
			cfg.ConnectionAttributes += ",migr_since:" + o.Since.UTC().Format("20060102T150405Z")
		}
	}
	if o.Timeout > 0 {
		cfg.Timeout = o.Timeout
	}
	if err := secure(cfg, set); err != nil {
		return nil, err
	}
	if o.Dialer != nil {
		other, err := mysql.NewConnector(cfg.Clone())
		if err != nil {
			return nil, err
		}
		o.Dialer.AskBy(other, explain)
		cfg.DialFunc = o.Dialer.DialContext
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// secure sets up TLS: by name where the driver knows one, else from PEM files.
func secure(cfg *mysql.Config, set dburl.MySQLSettings) error {
	if set.CA == "" && set.Cert == "" && set.TLS != "verify-ca" {
		cfg.TLSConfig = set.TLS
		return nil
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if set.CA != "" {
		pem, err := os.ReadFile(set.CA)
		if err != nil {
			return fmt.Errorf("reading the certificate authority: %w", err)
		}
		t.RootCAs = x509.NewCertPool()
		if !t.RootCAs.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s holds no certificate", set.CA)
		}
	}
	if set.Cert != "" {
		pair, err := tls.LoadX509KeyPair(set.Cert, set.Key)
		if err != nil {
			return fmt.Errorf("reading the client certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{pair}
	}
	switch set.TLS {
	case "verify-ca":
		verifyChainOnly(t)
	case "skip-verify", "preferred":
		t.InsecureSkipVerify = true
	default:
		t.ServerName, _, _ = net.SplitHostPort(set.Addr)
	}
	cfg.TLS = t
	return nil
}

// verifyChainOnly checks who signed the certificate and not for which name, as
// MySQL's VERIFY_CA has it.
func verifyChainOnly(t *tls.Config) {
	t.InsecureSkipVerify = true // the check below stands in
	t.VerifyConnection = func(cs tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: t.RootCAs, Intermediates: x509.NewCertPool()}
		for _, c := range cs.PeerCertificates[1:] {
			o.Intermediates.AddCert(c)
		}
		_, err := cs.PeerCertificates[0].Verify(o)
		return err
	}
}

// log drops what the driver would print on stderr by itself.
type log struct{}

func (log) Print(...any) {}

var versionText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(\d+)\.(\d+)\.(\d+)`) })

func server(ctx context.Context, c *driver.Conn) (driver.Server, error) {
	var version string
	var db sql.NullString
	s := driver.Server{Product: "MySQL"}
	err := c.QueryRowContext(ctx, "SELECT version(), database(), current_user(), connection_id()").Scan(&version, &db, &s.User, &s.Session)
	if err != nil {
		return s, err
	}
	if strings.Contains(strings.ToLower(version), "mariadb") {
		s.Product = "MariaDB"
	}
	if m := versionText().FindStringSubmatch(version); m != nil {
		for _, part := range m[1:] {
			n, _ := strconv.Atoi(part)
			s.Version = s.Version*100 + n
		}
	}
	s.Database, s.Home = db.String, db.String
	if s.Database == "" {
		return s, driver.ErrNoDatabaseName
	}
	return s, nil
}

// guess asks for InnoDB's estimate, which may be half or twice the number.
func guess(table string) string {
	toks := sqltext.Tokens(sqltext.MySQL, table)
	if len(toks) == 0 {
		return "SELECT NULL"
	}
	schema := "DATABASE()"
	if len(toks) == 3 {
		schema = sqltext.QuoteLiteral(sqltext.MySQL, toks[0].Ident(sqltext.MySQL))
	}
	return "SELECT TABLE_ROWS FROM information_schema.TABLES WHERE TABLE_SCHEMA = " + schema +
		" AND TABLE_NAME = " + sqltext.QuoteLiteral(sqltext.MySQL, toks[len(toks)-1].Ident(sqltext.MySQL))
}

func settings(t driver.Timeouts) []string {
	var all []string
	if t.Lock > 0 {
		// lock_wait_timeout bounds the wait for a metadata lock, in whole seconds
		// (MariaDB 10.11: 86400 by default, MySQL 9: a year).
		all = append(all, fmt.Sprintf("SET lock_wait_timeout = %d, innodb_lock_wait_timeout = %[1]d", max(1, int(t.Lock.Seconds()))))
	}
	if t.Statement > 0 {
		// Each product reads its own: MariaDB bounds every statement, in seconds; MySQL
		// has a bound for SELECT only, in milliseconds. MariaDB leaves out what is
		// marked with a version of MySQL from 5.7.0 on.
		all = append(all, fmt.Sprintf("SET /*M! max_statement_time = %.3f, */ /*!80000 max_execution_time = %d, */ autocommit = @@autocommit",
			t.Statement.Seconds(), t.Statement.Milliseconds()))
	}
	return all
}

// 3101 (MySQL 5.7 and later, and sometimes 1180 with the engine's 149) is how a
// replication group of several primaries ends a transaction that came second.
var causes = map[uint16]driver.Cause{
	1146: driver.NoTable, 1044: driver.NoRights, 1142: driver.NoRights, 1227: driver.NoRights, 1370: driver.NoRights, 1045: driver.BadLogin, 1049: driver.NoDatabase,
	1205: driver.LockWait, 1213: driver.LockWait, 3101: driver.LockWait, 1290: driver.ReadOnly, 1792: driver.ReadOnly, 1836: driver.ReadOnly,
	1021: driver.Full, 1114: driver.Full, 3675: driver.Full, 1050: driver.Exists, 1304: driver.Exists, 1359: driver.Exists, 1061: driver.Exists,
	1824: driver.Missing, 1305: driver.Missing, 1054: driver.Missing, 1356: driver.Missing, 1072: driver.Missing,
}

var atLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`at line (\d+)$`) })

// lost are the errors with which the driver (go-sql-driver 1.10) gives up a connection:
// it closes it also where packets come out of their order.
func lost(err error) bool {
	return errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, mysql.ErrPktSync) || errors.Is(err, mysql.ErrPktSyncMul)
}

func explain(err error) *driver.ServerError {
	if lost(err) {
		return &driver.ServerError{Cause: driver.Lost, Message: err.Error()}
	}
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return nil
	}
	s := &driver.ServerError{Code: strconv.Itoa(int(e.Number)), Message: e.Message, Cause: causes[e.Number]}
	if e.Number == 1180 && strings.Contains(e.Message, "error 149 ") {
		s.Cause = driver.LockWait
	}
	if e.SQLState != ([5]byte{}) {
		s.Code += ", SQLSTATE " + string(e.SQLState[:])
	}
	if s.Cause == driver.Other && strings.Contains(e.Message, "(Errcode: 28 ") { // ENOSPC, in the words of mysys
		s.Cause = driver.Full
	}
	if m := atLine().FindStringSubmatch(e.Message); m != nil {
		s.Line, _ = strconv.Atoi(m[1])
	}
	return s
}
