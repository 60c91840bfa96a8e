package gorm

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"

	"github.com/migr-dev/migr/internal/source"
)

//go:embed program.tmpl
var programText string

// serverVersion is what GORM's MySQL driver is told: it leaves out what MariaDB
// and old versions do not have. PostgreSQL's and SQLite's do not ask.
func serverVersion(p source.Product) string {
	v := p.Version
	if v == 0 {
		return "8.0.36"
	}
	text := fmt.Sprintf("%d.%d.%d", v/10000, v/100%100, v%100)
	if p.MariaDB {
		text += "-MariaDB"
	}
	return text
}

// program writes the program that is run.
func program(p *pack, d driver, types []string, name, version string) ([]byte, error) {
	t, err := template.New("program").Parse(programText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Package": p.ImportPath, "Driver": d, "Types": types, "Name": name, "Version": version})
	if err != nil {
		return nil, fmt.Errorf("writing the program that reads the GORM models: %w", err)
	}
	return b.Bytes(), nil
}
