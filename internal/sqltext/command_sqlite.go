package sqltext

// sqliteCommand takes a dot-command of the sqlite3 shell: a dot in the first
// column, where a statement may begin.
func sqliteCommand(s *splitter) (bool, *fault) {
	if at(s.src, s.pos) != '.' || s.pos > 0 && s.src[s.pos-1] != '\n' && s.src[:s.pos] != bom {
		return false, nil
	}
	end := s.pos + 1
	for end < len(s.src) && isWord(s.src[end]) {
		end++
	}
	name := s.src[s.pos:end]
	if !s.lenient || !isHarmlessDot(name) {
		return false, &fault{s.pos, name + ": a command of the sqlite3 shell" + dotReason(name), "take the line out: SQLite itself does not understand it"}
	}
	end = lineComment(s.src, end, "\n")
	s.skip(s.pos, end)
	s.pos = end
	return true, nil
}

// isHarmlessDot knows the commands that change only what the shell shows.
func isHarmlessDot(name string) bool {
	switch name {
	case ".print", ".echo", ".header", ".headers", ".mode", ".width", ".bail", ".timer", ".changes", ".stats", ".nullvalue",
		".separator", ".show", ".tables", ".schema", ".databases", ".indexes", ".indices", ".explain", ".eqp", ".prompt", ".timeout":
		return true
	}
	return false
}

// dotReason says what a command would do that a file of SQL must not.
func dotReason(name string) string {
	switch name {
	case ".read", ".import", ".load", ".restore":
		return " that reads another file"
	case ".open", ".connection", ".cd":
		return " that goes to another database"
	case ".shell", ".system":
		return " that runs a program"
	case ".output", ".once", ".excel", ".backup", ".save", ".log", ".clone", ".archive":
		return " that writes a file"
	}
	return ""
}
