package dburl

import (
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
)

// Fill completes what u leaves open from the environment, as the database's own client does:
// MIGR_PASSWORD for every server; PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE and
// others of their kind, then ~/.pgpass (or PGPASSFILE), for PostgreSQL and CockroachDB;
// MYSQL_HOST, MYSQL_TCP_PORT, MYSQL_UNIX_PORT and MYSQL_PWD for MySQL, MariaDB and TiDB.
// What the URL says stays. The error is an *Error.
func Fill(u *URL, env func(string) (string, bool)) error {
	get := func(name string) string {
		v, _ := env(name)
		return v
	}
	if u.Scheme != SQLite {
		fillOne(&u.Password, get("MIGR_PASSWORD"))
	}
	switch {
	case u.postgresFamily():
		fillPostgres(u, get)
	case u.mysqlFamily():
		fillMySQL(u, get)
	default:
		return nil
	}
	return u.check()
}

func fillOne(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

func fillMySQL(u *URL, get func(string) string) {
	fillOne(&u.Password, get("MYSQL_PWD"))
	if u.Host == "" && u.Socket == "" {
		u.Host = get("MYSQL_HOST")
		if u.Host == "" {
			u.Socket = get("MYSQL_UNIX_PORT")
		}
	}
	if u.Socket == "" {
		fillOne(&u.Port, get("MYSQL_TCP_PORT"))
	}
}

func fillPostgres(u *URL, get func(string) string) {
	if u.Query == nil {
		u.Query = map[string][]string{}
	}
	elsewhere := u.Query.Has("hostaddr") || u.Query.Has("service") || get("PGHOSTADDR") != "" || get("PGSERVICE") != ""
	fillOne(&u.Port, get("PGPORT"))
	if u.Host == "" && u.Socket == "" {
		u.Host = get("PGHOST")
		if strings.HasPrefix(u.Host, "/") && !strings.Contains(u.Host, ",") {
			u.Host, u.Socket = "", u.Host
		}
	}
	if u.Host == "" && u.Socket == "" && !elsewhere {
		u.Socket = localSocket(u.Port)
	}
	fillOne(&u.User, get("PGUSER"))
	fillOne(&u.Database, get("PGDATABASE"))
	for name, param := range map[string]string{
		"PGSSLMODE": "sslmode", "PGSSLROOTCERT": "sslrootcert", "PGSSLCERT": "sslcert", "PGSSLKEY": "sslkey",
		"PGOPTIONS": "options", "PGAPPNAME": "application_name", "PGCONNECT_TIMEOUT": "connect_timeout",
		"PGTARGETSESSIONATTRS": "target_session_attrs",
	} {
		if v := get(name); v != "" && !u.Query.Has(param) {
			u.Query.Set(param, v)
		}
	}
	fillOne(&u.Password, get("PGPASSWORD"))
	if u.Password == "" && !u.Query.Has("service") {
		u.Password = fromPassFile(u, get)
	}
	u.Query.Del("passfile")
}

// localSocket returns the folder of a PostgreSQL socket where one is in a usual place: a URL without
// a host means it to psql, while lib/pq would go to localhost.
func localSocket(port string) string {
	if runtime.GOOS == "windows" {
		return ""
	}
	if port == "" {
		port = "5432"
	}
	for _, dir := range []string{"/var/run/postgresql", "/tmp"} {
		if info, err := os.Stat(filepath.Join(dir, ".s.PGSQL."+port)); err == nil && info.Mode()&os.ModeSocket != 0 {
			return dir
		}
	}
	return ""
}

// fromPassFile looks the password up in .pgpass
// (https://www.postgresql.org/docs/current/libpq-pgpass.html); "" when it is not there. As libpq
// does, it passes over a file that others may read, and notes that.
func fromPassFile(u *URL, get func(string) string) string {
	path := u.Query.Get("passfile")
	fillOne(&path, get("PGPASSFILE"))
	if path == "" {
		path = filepath.Join(get("HOME"), ".pgpass")
		if runtime.GOOS == "windows" {
			path = filepath.Join(get("APPDATA"), "postgresql", "pgpass.conf")
		}
	}
	info, err := os.Stat(path)
	if err != nil || !filepath.IsAbs(path) || !info.Mode().IsRegular() {
		return ""
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		u.Notes = append(u.Notes, "the password file "+path+" is not used, since others may read it: chmod 600 it")
		return ""
	}
	text, err := os.ReadFile(path)
	if err != nil {
		u.Notes = append(u.Notes, "the password file "+path+" is not used, since it cannot be read")
		return ""
	}
	return passLookup(string(text), u)
}

// passLookup returns the password of the first line that is for every host of u, as one password is
// sent to whichever answers; where they differ lib/pq looks again for each.
func passLookup(text string, u *URL) string {
	name := u.User
	if name == "" {
		if me, err := user.Current(); err == nil {
			name = me.Username
		}
	}
	database := u.Database
	fillOne(&database, name)
	found := ""
	hosts, ports := strings.Split(u.Host, ","), strings.Split(u.Port, ",")
	for i, h := range hosts {
		port := ports[min(i, len(ports)-1)]
		fillOne(&port, "5432")
		p := passFor(text, hostNames(h, u.Socket), port, database, name)
		if i > 0 && p != found {
			return ""
		}
		found = p
	}
	return found
}

// hostNames are the names under which .pgpass may hold a host: a socket is localhost, or its folder.
func hostNames(host, socket string) []string {
	switch {
	case socket != "":
		return []string{"localhost", socket}
	case host == "":
		return []string{"localhost"}
	}
	return []string{host}
}

func passFor(text string, hosts []string, port, database, name string) string {
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields, password, ok := passFields(line)
		if !ok {
			continue
		}
		hostMatches := false
		for _, h := range hosts {
			hostMatches = hostMatches || fields[0].matches(h)
		}
		if hostMatches && fields[1].matches(port) && fields[2].matches(database) && fields[3].matches(name) {
			return password
		}
	}
	return ""
}

// A passField is one of the first four fields of a line.
type passField struct {
	text string
	any  bool // a bare *
}

func (f passField) matches(s string) bool { return f.any || f.text == s }

// passFields takes a line apart: four fields that end in a colon, then the password, which
// is the rest of the line. A backslash makes the character after it plain.
func passFields(line string) (fields [4]passField, password string, ok bool) {
	var b strings.Builder
	n, start := 0, 0
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			b.WriteByte(line[i])
		case line[i] == ':' && n < 4:
			fields[n] = passField{text: b.String(), any: line[start:i] == "*"}
			b.Reset()
			n, start = n+1, i+1
		default:
			b.WriteByte(line[i])
		}
	}
	return fields, b.String(), n == 4
}
