package sqltext

import "strings"

// psqlCommand takes a psql meta-command that stands where a statement may
// begin. A server knows none of them.
func psqlCommand(s *splitter) (bool, *fault) {
	if at(s.src, s.pos) != '\\' {
		return false, nil
	}
	name := psqlName(s.src, s.pos)
	if !s.lenient {
		return false, psqlBackslash(s, s.pos)
	}
	if !isHarmlessPsql(name) {
		return false, &fault{s.pos, "psql meta-command " + name + ": " + psqlReason(name), "take the line out: a model file describes one database and runs nothing else"}
	}
	end := lineComment(s.src, s.pos, "\n")
	s.skip(s.pos, end)
	s.pos = end
	return true, nil
}

// psqlBackslash tells of a meta-command that is not taken.
func psqlBackslash(s *splitter, i int) *fault {
	name := psqlName(s.src, i)
	if s.start >= 0 {
		return &fault{i, "psql meta-command " + name + " inside a statement: only psql understands it", "end the statement with ; and take the command out"}
	}
	return &fault{i, "psql meta-command " + name + ": only psql understands it, the server does not", "take the line out, or write it as SQL"}
}

// psqlName is the backslash at i and the command's name.
func psqlName(s string, i int) string {
	end := i + 1
	for end < len(s) && isLetter(s[end]) {
		end++
	}
	if end == i+1 && end < len(s) && !isBlank(s[end]) { // \! \. \? \;
		end++
	}
	return s[i:end]
}

// isHarmlessPsql knows the commands that change only what psql shows, and
// those with which pg_dump (18) fences its output.
func isHarmlessPsql(name string) bool {
	switch name {
	case `\restrict`, `\unrestrict`, `\set`, `\unset`, `\encoding`, `\echo`, `\qecho`, `\warn`, `\pset`, `\timing`, `\.`,
		`\a`, `\C`, `\f`, `\H`, `\t`, `\T`, `\x`, `\errverbose`, `\conninfo`:
		return true
	}
	return false
}

// psqlReason says what a command would do that a model file must not.
func psqlReason(name string) string {
	switch name {
	case `\connect`, `\c`:
		return "it goes to another database"
	case `\i`, `\ir`, `\include`, `\include_relative`:
		return "it reads another file; list that file among the models instead"
	case `\copy`:
		return "it copies data from or to a file"
	case `\!`:
		return "it runs a program"
	case `\o`, `\out`, `\w`, `\write`, `\g`, `\gx`:
		return "it writes files or sends what was typed before"
	case `\if`, `\elif`, `\else`, `\endif`:
		return "which statements are meant depends on psql's variables"
	}
	return "only psql understands it, the server does not"
}

// copyData takes COPY … FROM stdin; and the data behind it. Only psql can send
// such data, so that without Lenient it is an error.
func (s *splitter) copyData() *fault {
	if !s.lenient {
		return &fault{s.start, "COPY … FROM stdin: its data can be sent by psql only", "write the rows as INSERT"}
	}
	end := lineComment(s.src, s.pos, "\n")
	rest := strings.TrimSpace(s.src[s.pos:end])
	if rest != "" && !strings.HasPrefix(rest, "--") {
		return &fault{s.pos, "text behind COPY … FROM stdin; on its line", "put it on a line of its own, after the data"}
	}
	for end < len(s.src) {
		begin := end + 1
		end = lineComment(s.src, begin, "\n")
		if strings.TrimSuffix(s.src[begin:end], "\r") == `\.` {
			break
		}
	}
	s.start, s.pos, s.from = -1, end, end
	s.comment.Reset()
	return nil
}
