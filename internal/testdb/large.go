package testdb

import (
	"fmt"
	"strings"
)

// Large is the DDL of a schema of n tables of ten columns, for measuring: on
// PostgreSQL each has a primary key, a unique key, a foreign key to another table, two
// further indexes (one of them partial), two checks, a column of an enum that ten
// tables share, and two comments; on the others as much of that as they have. Any
// change of it makes figures of docs/performance.md another thing.
func (e Engine) Large(n int) string {
	var b strings.Builder
	for i := range n {
		switch e {
		case EnginePostgres, EnginePostgres18:
			largePostgres(&b, i)
		case EngineSQLite:
			largeSQLite(&b, i)
		default:
			largeMySQL(&b, i)
		}
	}
	return b.String()
}

// before is a table that the i-th refers to: its own at the start.
func before(i int) int { return i / 2 }

func largePostgres(b *strings.Builder, i int) {
	if i%10 == 0 {
		fmt.Fprintf(b, "CREATE TYPE state_%d AS ENUM ('new', 'open', 'held', 'done');\n", i/10)
	}
	fmt.Fprintf(b, `CREATE TABLE item_%[1]d (
  id bigint PRIMARY KEY,
  parent_id bigint REFERENCES item_%[2]d (id) ON DELETE CASCADE,
  code varchar(40) NOT NULL UNIQUE,
  name text NOT NULL DEFAULT '',
  state state_%[3]d NOT NULL DEFAULT 'new',
  amount numeric(12,2) NOT NULL DEFAULT 0 CHECK (amount >= 0),
  starts date,
  ends date,
  data jsonb NOT NULL DEFAULT '{}',
  created timestamp with time zone NOT NULL DEFAULT now(),
  CONSTRAINT item_%[1]d_span CHECK (ends > starts)
);
CREATE INDEX item_%[1]d_parent ON item_%[1]d (parent_id);
CREATE INDEX item_%[1]d_open ON item_%[1]d (state, created) WHERE ends IS NULL;
COMMENT ON TABLE item_%[1]d IS 'items of sort %[1]d';
COMMENT ON COLUMN item_%[1]d.code IS 'as the customer writes it';
`, i, before(i), i/10)
}

func largeSQLite(b *strings.Builder, i int) {
	fmt.Fprintf(b, `CREATE TABLE item_%[1]d (
  id INTEGER PRIMARY KEY,
  parent_id INTEGER REFERENCES item_%[2]d (id) ON DELETE CASCADE,
  code VARCHAR(40) NOT NULL UNIQUE,
  name TEXT NOT NULL DEFAULT '',
  state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'open', 'held', 'done')),
  amount NUMERIC(12,2) NOT NULL DEFAULT 0 CHECK (amount >= 0),
  starts DATE,
  ends DATE,
  data TEXT NOT NULL DEFAULT '{}',
  created TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT item_%[1]d_span CHECK (ends > starts)
);
CREATE INDEX item_%[1]d_parent ON item_%[1]d (parent_id);
CREATE INDEX item_%[1]d_open ON item_%[1]d (state, created) WHERE ends IS NULL;
`, i, before(i))
}

func largeMySQL(b *strings.Builder, i int) {
	fmt.Fprintf(b, `CREATE TABLE item_%[1]d (
  id bigint PRIMARY KEY,
  parent_id bigint,
  code varchar(40) NOT NULL UNIQUE COMMENT 'as the customer writes it',
  name varchar(200) NOT NULL DEFAULT '',
  state enum('new', 'open', 'held', 'done') NOT NULL DEFAULT 'new',
  amount decimal(12,2) NOT NULL DEFAULT 0 CHECK (amount >= 0),
  starts date,
  ends date,
  data json NOT NULL,
  created timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  CONSTRAINT item_%[1]d_parent_fk FOREIGN KEY (parent_id) REFERENCES item_%[2]d (id) ON DELETE CASCADE,
  CONSTRAINT item_%[1]d_span CHECK (ends > starts)
) COMMENT 'items of sort %[1]d';
CREATE INDEX item_%[1]d_parent ON item_%[1]d (parent_id);
CREATE INDEX item_%[1]d_open ON item_%[1]d (state, created);
`, i, before(i))
}
