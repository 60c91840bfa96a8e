package nearest

import "testing"

func TestWord(t *testing.T) {
	known := []string{"url", "dir", "models", "schemas", "scratch", "lock_timeout", "lock_retries", "version_table"}
	for given, want := range map[string]string{
		"model": "models", "modles": "models", "MODELS": "models", "ulr": "url", "schema": "schemas",
		"lock_timout": "lock_timeout", "versiontable": "version_table", "colour": "", "x": "", "": "",
		"uri": "url", "lock": "",
	} {
		if got := Word(given, known); got != want {
			t.Errorf("Word(%q) = %q, want %q", given, got, want)
		}
	}
}
