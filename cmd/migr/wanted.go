package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/migr-dev/migr/internal/cache"
	"github.com/migr-dev/migr/internal/catalog"
	"github.com/migr-dev/migr/internal/config"
	"github.com/migr-dev/migr/internal/source"
	"github.com/migr-dev/migr/internal/sqltext"
)

// wanted is what models describe: as it was built once from the same statements on
// the same server, or else built now. Planning with online asks the scratch database
// about the models' functions, and so is never content with the former. With beside
// the live schema is read while they are built.
func (a *app) wanted(ctx context.Context, db *database, m config.Models, beside bool) (*built, error) {
	stmts, err := a.modelStatements(ctx, db, m)
	if err != nil {
		return nil, err
	}
	key, err := a.wantedKey(ctx, db, stmts)
	if err != nil {
		return nil, err
	}
	if !a.cfg.Online {
		if b, err := a.remembered(db, key, stmts); b != nil || err != nil {
			return b, err
		}
	}
	b, err := a.buildModels(ctx, db, stmts, beside)
	if err == nil {
		a.remember(key, b)
	}
	return b, err
}

// A schemaEntry is a built schema in the cache.
type schemaEntry struct {
	Added   []string // schemas that were made
	Catalog *catalog.Catalog
}

// remembered is the schema that was built under that key, or nil. What the models say
// of names is no part of it.
func (a *app) remembered(db *database, key string, stmts []sqltext.Stmt) (*built, error) {
	var e schemaEntry
	data := a.schemas().Get(key)
	if key == "" || data == nil || gob.NewDecoder(bytes.NewReader(data)).Decode(&e) != nil || e.Catalog == nil {
		return nil, nil
	}
	marks, err := source.Marks(db.dialect.Family, stmts)
	if err != nil {
		return nil, err
	}
	return &built{catalog: e.Catalog, scope: a.withAdded(a.scope(db), e.Added), added: e.Added, marks: marks}, nil
}

// remember puts a built schema into the cache.
func (a *app) remember(key string, b *built) {
	var data bytes.Buffer
	if key != "" && gob.NewEncoder(&data).Encode(schemaEntry{b.added, b.catalog}) == nil {
		a.schemas().Put(key, data.Bytes())
	}
}

// schemas is the cache of built schemas.
func (a *app) schemas() cache.Folder {
	return cache.Folder{Path: a.cacheDir("schemas"), Now: a.now}
}

// wantedKey is made of all that decides what models become: their statements, what
// of them is under management, the server with its settings, and this very
// program. "": nothing is kept.
func (a *app) wantedKey(ctx context.Context, db *database, stmts []sqltext.Stmt) (string, error) {
	if !a.cfg.ModelCache || a.cacheDir("schemas") == "" || thisProgram() == "" {
		return "", nil
	}
	u, err := a.cfg.Scratch()
	if err != nil {
		return "", err
	}
	where := db // a database like it, beside it
	if u != nil {
		if where, err = a.openURL(ctx, u, true); err != nil {
			return "", err
		}
		defer where.Close()
	}
	t := a.tables(nil)
	texts := []string{
		thisProgram(), source.Digest(stmts), db.Server.Home, where.Server.Home, where.Server.Product, fmt.Sprint(where.Server.Version),
		fmt.Sprintf("%q", [][]string{a.cfg.Schemas, a.cfg.Exclude, {t.Version, t.LogName(), t.LockName(), a.cfg.VersionSchema, fmt.Sprint(a.cfg.Grants)}}),
	}
	if facts := where.dialect.Facts; facts != nil {
		rows, err := facts(ctx, where.Conn)
		if err != nil {
			return "", fmt.Errorf("asking the server what decides how models are read there: %w", err)
		}
		texts = append(texts, fmt.Sprintf("%q", rows))
	}
	return cache.Key(texts...), nil
}

// thisProgram tells this build of migr from every other: a release by its version and
// what it was built of, anything else by the program's own bytes. "" where they
// cannot be read.
var thisProgram = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if ok && strings.HasPrefix(info.Main.Version, "v") && !strings.HasSuffix(info.Main.Version, "+dirty") {
		return version + "\n" + info.String()
	}
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
})
