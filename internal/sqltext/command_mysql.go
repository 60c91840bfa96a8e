package sqltext

import "strings"

// mysqlCommand takes a command of the mysql client that stands where a
// statement may begin: DELIMITER, which changes what ends a statement. Others
// are errors. USE is left as a statement: the server has it too.
func mysqlCommand(s *splitter) (bool, *fault) {
	c := at(s.src, s.pos)
	if c == '\\' {
		return false, mysqlBackslash(s, s.pos)
	}
	if !isLetter(c) {
		return false, nil
	}
	end := s.pos
	for end < len(s.src) && isLetter(s.src[end]) && end < s.pos+12 {
		end++
	}
	word := strings.ToUpper(s.src[s.pos:end])
	after := at(s.src, end)
	if after != 0 && !isBlank(after) && after != ';' {
		return false, nil
	}
	if word == "DELIMITER" {
		return true, s.delimiter(end)
	}
	if reason := mysqlReason(word); reason != "" {
		return false, &fault{s.pos, strings.ToLower(word) + ": a command of the mysql client, which " + reason, "take the line out: the server does not understand it"}
	}
	return false, nil
}

// mysqlReason says what a command of the mysql client does; "" for what is
// none or is SQL too.
func mysqlReason(word string) string {
	switch word {
	case "SOURCE":
		return "reads another file"
	case "SYSTEM":
		return "runs a program"
	case "TEE", "NOTEE", "PAGER", "NOPAGER", "PROMPT", "WARNINGS", "NOWARNING", "STATUS", "CHARSET", "REHASH", "EGO", "EDIT", "QUIT":
		return "is about its own display"
	case "CONNECT":
		return "goes to another database"
	}
	return ""
}

// mysqlBackslash tells of a short command such as \G; \N is a value.
func mysqlBackslash(s *splitter, i int) *fault {
	if at(s.src, i+1) == 'N' {
		return nil
	}
	return &fault{i, psqlName(s.src, i) + ": a command of the mysql client, which the server does not understand", "end statements with ; and use DELIMITER, not \\d"}
}

// delimiter takes DELIMITER, whose name ends at end, with the rest of its
// line. As in the client the first word counts, and quotes around it do not.
func (s *splitter) delimiter(end int) *fault {
	line := lineComment(s.src, end, "\n")
	words := strings.Fields(s.src[end:line])
	if len(words) == 0 {
		return &fault{s.pos, "DELIMITER without a delimiter", "write DELIMITER // or DELIMITER ;"}
	}
	d := words[0]
	if n := len(d); n >= 2 && d[0] == d[n-1] && strings.IndexByte("'\"`", d[0]) >= 0 {
		d = d[1 : n-1]
	}
	if d == "" || strings.Contains(d, `\`) {
		return &fault{s.pos, "DELIMITER " + words[0] + ": not a delimiter", "write DELIMITER // or DELIMITER ;"}
	}
	s.delim = d
	if d == ";" {
		s.delim = ""
	}
	s.skip(s.pos, line)
	s.pos = line
	return nil
}

// isDelimiterLine reports whether the word at t is a DELIMITER line that comes
// while a statement is pending: the client ends the statement there. To take
// no column of that name for it, the rest of the line must be punctuation.
func (s *splitter) isDelimiterLine(t lexeme) bool {
	if !strings.EqualFold(s.src[t.off:t.end], "DELIMITER") {
		return false
	}
	before := s.src[:t.off]
	if strings.TrimRight(before, " \t") != "" && !strings.HasSuffix(strings.TrimRight(before, " \t"), "\n") {
		return false
	}
	rest := strings.TrimSpace(s.src[t.end:lineComment(s.src, t.end, "\n")])
	return rest != "" && strings.Trim(rest, ";/$|") == ""
}
