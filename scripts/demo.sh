#!/bin/sh
# A short tour of migr on a SQLite file, in a temporary folder. "make demo"
# puts the freshly built migr first on the PATH.
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
cd "$dir"
unset MIGR_URL DATABASE_URL MIGR_ENV MIGR_CONFIG MIGR_DIR || :

show() { printf '\n$ %s\n' "$*"; "$@"; }

show migr init --url sqlite://app.db

cat >schema.sql <<'E'
CREATE TABLE users (
  id    integer PRIMARY KEY,
  email text NOT NULL UNIQUE
);
E
printf '\n# the models say: a table of users\n'
show migr revision --autogenerate -m "users"
show migr upgrade head

cat >>schema.sql <<'E'
CREATE TABLE invoices (
  id      integer PRIMARY KEY,
  user_id integer NOT NULL REFERENCES users (id),
  cents   integer NOT NULL CHECK (cents >= 0)
);
CREATE INDEX invoices_user ON invoices (user_id);
E
printf '\n# the models have grown: invoices\n'
show migr revision --autogenerate -m "invoices"
show migr show head
show migr upgrade head
show migr check
show migr downgrade -1
show migr status
show migr upgrade head
show migr history
