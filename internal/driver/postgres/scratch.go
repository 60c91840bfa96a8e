package postgres

import (
	"context"
	"fmt"

	"github.com/migr-dev/migr/internal/dburl"
	"github.com/migr-dev/migr/internal/driver"
	"github.com/migr-dev/migr/internal/sqltext"
)

func ident(name string) string   { return sqltext.QuoteIdent(sqltext.Postgres, name) }
func literal(text string) string { return sqltext.QuoteLiteral(sqltext.Postgres, text) }

// scratch makes a database beside the live one, from template0 with the live
// one's encoding and locale, its home schema and its extensions.
func scratch(ctx context.Context, c *driver.Conn, name string) (*dburl.URL, func(context.Context) error, error) {
	options, err := locale(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	extensions, err := extensions(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	if err := c.Exec(ctx, "CREATE DATABASE "+ident(name)+" TEMPLATE template0"+options); err != nil {
		return nil, nil, err
	}
	drop := func(ctx context.Context) error {
		return c.Exec(ctx, "DROP DATABASE IF EXISTS "+ident(name)+" WITH (FORCE)")
	}
	u := c.URL.WithDatabase(name)
	if err := furnish(ctx, c, u, extensions); err != nil {
		_ = drop(context.WithoutCancel(ctx))
		return nil, nil, err
	}
	return u, drop, nil
}

// locale returns the options of CREATE DATABASE that copy the live one's.
func locale(ctx context.Context, c *driver.Conn) (string, error) {
	columns := "pg_encoding_to_char(encoding), datcollate, datctype, 'c', ''"
	switch {
	case c.Server.Version >= 170000:
		columns = "pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, coalesce(datlocale, '')"
	case c.Server.Version >= 150000:
		columns = "pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider, coalesce(daticulocale, '')"
	}
	rows, err := c.Strings(ctx, "SELECT "+columns+" FROM pg_database WHERE datname = current_database()")
	if err != nil {
		return "", err
	}
	r := rows[0]
	options := fmt.Sprintf(" ENCODING %s LC_COLLATE %s LC_CTYPE %s", literal(r[0]), literal(r[1]), literal(r[2]))
	switch r[3] {
	case "i":
		options += " LOCALE_PROVIDER icu ICU_LOCALE " + literal(r[4])
	case "b":
		options += " LOCALE_PROVIDER builtin BUILTIN_LOCALE " + literal(r[4])
	}
	return options, nil
}

type extension struct{ name, schema, version string }

func extensions(ctx context.Context, c *driver.Conn) ([]extension, error) {
	rows, err := c.Strings(ctx, `SELECT extname, nspname, extversion FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace
		WHERE extname <> 'plpgsql' ORDER BY e.oid`)
	if err != nil {
		return nil, err
	}
	var all []extension
	for _, r := range rows {
		all = append(all, extension{r[0], r[1], r[2]})
	}
	return all, nil
}

// furnish gives the new database the home schema and the extensions.
func furnish(ctx context.Context, c *driver.Conn, u *dburl.URL, extensions []extension) error {
	s, err := driver.Open(ctx, c.Dialect, u, driver.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	text := ""
	if c.Server.Home != "" {
		text += "CREATE SCHEMA IF NOT EXISTS " + ident(c.Server.Home) + ";"
	}
	for _, e := range extensions {
		if e.schema != "pg_catalog" {
			text += "CREATE SCHEMA IF NOT EXISTS " + ident(e.schema) + ";"
		}
		text += "CREATE EXTENSION IF NOT EXISTS " + ident(e.name) + " SCHEMA " + ident(e.schema) + " VERSION " + literal(e.version) + ";"
	}
	if text == "" {
		return nil
	}
	return s.Exec(ctx, text)
}
