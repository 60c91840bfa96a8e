#!/bin/sh
# Virtual environments with the Python packages that the tests of models in
# Python want: several versions of SQLAlchemy and of Django. Each is made once
# and kept outside of the repository; its name holds what it is made of.
#
#   MIGR_TEST_PYTHONS=$(scripts/pythons.sh) go test ./...
#
# Prints the folder that holds them, as NAME/bin/python. Database drivers are
# not in the environments but in NAME/drivers, for PYTHONPATH: migr must do
# without them. Where Python, venv or pip cannot be had, one line on stderr says
# so and nothing is printed; with CI set that is a failure.
#
# Environment: MIGR_PYTHONS_CACHE (the folder above it).
set -eu
umask 022
CACHE=${MIGR_PYTHONS_CACHE:-/var/tmp/migr-pythons-$(id -u)}

say() { echo "pythons: $*" >&2; }
cannot() {
	say "$*: the tests of models in Python are left out"
	[ -z "${CI:-}" ] || exit 1
	exit 0
}

# NAME  OLDEST PYTHON  NEWEST PYTHON  PACKAGES
environments() {
	cat <<-'END'
		sa14 3.8 3.12 sqlalchemy==1.4.54 alembic==1.13.3 flask-sqlalchemy==3.0.5
		sa20 3.9 3.14 sqlalchemy==2.0.52 alembic==1.16.5 flask-sqlalchemy==3.1.1 sqlmodel==0.0.24
		sa21 3.10 3.14 sqlalchemy==2.1.9
		dj32 3.8 3.11 django==3.2.25
		dj52 3.10 3.14 django==5.2.19
		dj60 3.12 3.14 django~=6.0.0
	END
}

DRIVERS="psycopg2-binary==2.9.11 pymysql==1.1.2"

# A Python of at least version $1 and at most $2 that has venv and ensurepip.
python_between() {
	for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10 /usr/bin/python3 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
		"$p" -c '
import sys, venv, ensurepip
v = lambda s: tuple(map(int, s.split(".")))
sys.exit(not (v(sys.argv[1]) <= sys.version_info[:2] <= v(sys.argv[2])))' "$1" "$2" 2>/dev/null || continue
		echo "$p"
		return
	done
}

# Made beside its place and moved there, so that a half-made one is never used.
# A virtual environment cannot be moved, so the mark is what counts.
make_environment() {
	name=$1 python=$2
	shift 2
	dir=$ROOT/$name
	[ ! -e "$dir/made" ] || return 0
	say "making $name: $*"
	rm -rf "$dir"
	"$python" -m venv "$dir"
	"$dir/bin/python" -m pip install -q --no-input --disable-pip-version-check "$@" >&2
	# shellcheck disable=SC2086 # a list
	"$dir/bin/python" -m pip install -q --no-input --disable-pip-version-check --target "$dir/drivers" $DRIVERS >&2
	touch "$dir/made"
}

install_python() {
	[ -z "$(python_between 3.8 3.14)" ] || return 0
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		set -- apt-get -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 install python3 python3-venv
		export DEBIAN_FRONTEND=noninteractive
		{ "$@" </dev/null || { apt-get -qq update && "$@" </dev/null; }; } >&2 || :
	fi
	[ -n "$(python_between 3.8 3.14)" ] || cannot "no Python with venv and pip is here"
}

ROOT=$CACHE/$( (environments; echo "$DRIVERS") | cksum | cut -d' ' -f1)
mkdir -p "$ROOT"
if command -v flock >/dev/null && [ -z "${MIGR_PYTHONS_LOCKED:-}" ]; then
	# two runs at once: the second waits for the first
	MIGR_PYTHONS_LOCKED=1 exec flock "$ROOT/.lock" "$0" "$@"
fi
install_python
environments | while read -r name oldest newest packages; do
	python=$(python_between "$oldest" "$newest")
	if [ -z "$python" ]; then
		say "$name is left out: it wants Python $oldest to $newest"
		continue
	fi
	# shellcheck disable=SC2086 # a list
	make_environment "$name" "$python" $packages </dev/null || cannot "pip could not make $name"
done
echo "$ROOT"
