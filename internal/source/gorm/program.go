package gorm

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"
)

//go:embed program.tmpl
var programText string

// program writes the program that is run.
func program(p *pack, d driver, types []string, name string) ([]byte, error) {
	t, err := template.New("program").Parse(programText)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"Package": p.ImportPath, "Driver": d, "Types": types, "Name": name})
	if err != nil {
		return nil, fmt.Errorf("writing the program that reads the GORM models: %w", err)
	}
	return b.Bytes(), nil
}
