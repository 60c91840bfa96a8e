package dburl

import (
	"maps"
	"slices"
	"strings"
)

// foreignPostgres are parameters that other clients know and lib/pq (1.12) does not: it would send
// them to the server as run-time parameters, which then refuses the connection. Those of libpq tune
// the connection; the rest belong to poolers' clients, ORMs and other migration tools.
func foreignPostgres() []string {
	return []string{
		"channel_binding", "gssencmode", "gssdelegation", "gsslib", "keepalives", "keepalives_count", "keepalives_idle",
		"keepalives_interval", "replication", "require_auth", "requirepeer", "requiressl", "scram_client_key", "scram_server_key",
		"sslcertmode", "sslcompression", "sslcrl", "sslcrldir", "sslkeylogfile", "sslpassword", "tcp_user_timeout",
		"async_fallback", "cache_describe", "connection_limit", "default_query_exec_mode", "description_cache_capacity",
		"pgbouncer", "pool_health_check_period", "pool_max_conn_idle_time", "pool_max_conn_lifetime",
		"pool_max_conn_lifetime_jitter", "pool_max_conns", "pool_min_conns", "pool_min_idle_conns", "pool_timeout",
		"prepareThreshold", "prepared_statement_cache_size", "prepared_statement_name_func", "reWriteBatchedInserts",
		"serverVersion", "socket_timeout", "sslaccept", "statement_cache_capacity", "statement_cache_size", "supa", "uselibpqcompat",
	}
}

// weakens names those without which a connection is less safe than the user asked for.
func weakens() []string {
	return []string{"channel_binding", "require_auth", "requirepeer", "sslcrl", "sslcrldir"}
}

// postgresParams translates the parameters of other clients and takes out those that lib/pq
// cannot have.
func (u *URL) postgresParams() {
	u.rename("schema", "search_path") // Prisma
	u.rename("currentSchema", "search_path")
	u.rename("ApplicationName", "application_name")
	u.rename("connectTimeout", "connect_timeout")
	if v := u.Query.Get("ssl"); v != "" { // asyncpg has libpq's words here, others yes or no
		switch strings.ToLower(v) {
		case "true", "1":
			v = "require"
		case "false", "0":
			v = "disable"
		}
		u.Query.Set("ssl", v)
	}
	u.rename("ssl", "sslmode")
	if v := u.Query.Get("sslmode"); v == "no-verify" { // node-postgres
		u.Query.Set("sslmode", "require")
	}
	u.drop(foreignPostgres())
}

// rename gives a parameter another name, unless that one is there already.
func (u *URL) rename(from, to string) {
	v := u.Query.Get(from)
	u.Query.Del(from)
	if v != "" && !u.Query.Has(to) {
		u.Query.Set(to, v)
	}
}

// drop takes parameters out, and golang-migrate's x-…, and notes the ones that will be missed.
func (u *URL) drop(names []string) {
	for _, k := range slices.Sorted(maps.Keys(u.Query)) {
		if !slices.Contains(names, k) && !strings.HasPrefix(k, "x-") {
			continue
		}
		off := slices.Contains([]string{"", "prefer", "disable", "any"}, u.Query.Get(k))
		if slices.Contains(weakens(), k) && !off {
			u.Notes = append(u.Notes, "the URL's parameter "+k+" is not supported and has no effect")
		}
		u.Query.Del(k)
	}
}

// PostgresDSN returns the connection string for lib/pq 1.12: NAME='VALUE' words. What it does not
// know (search_path, work_mem …) goes to the server as run-time parameters. Where no
// sslmode is given it is libpq's "prefer", which lib/pq knows but does not start from. The
// string must be valid UTF-8 to arrive as it is: set a password that is not on pq.Config.
func (u *URL) PostgresDSN() string {
	var words []string
	add := func(k, v string) {
		if v != "" {
			words = append(words, k+"='"+strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(v)+"'")
		}
	}
	host, port := u.Host, u.Port
	if u.Socket != "" {
		host = u.Socket
	}
	if strings.Contains(host, ",") { // lib/pq takes no empty items in first place
		host = fillItems(host, "localhost")
		if strings.Contains(port, ",") {
			port = fillItems(port, "5432")
		}
	}
	add("host", host)
	add("port", port)
	add("user", u.User)
	add("password", u.Password)
	add("dbname", u.Database)
	if !u.Query.Has("sslmode") && u.Query.Get("sslnegotiation") != "direct" && u.Query.Get("sslrootcert") != "system" {
		add("sslmode", "prefer")
	}
	for _, k := range slices.Sorted(maps.Keys(u.Query)) {
		add(k, u.Query.Get(k))
	}
	return strings.Join(words, " ")
}

func fillItems(list, std string) string {
	items := strings.Split(list, ",")
	for i := range items {
		if items[i] == "" {
			items[i] = std
		}
	}
	return strings.Join(items, ",")
}
