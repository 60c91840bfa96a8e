package mysql

import (
	"slices"
	"strconv"
	"strings"

	"github.com/migr-dev/migr/internal/catalog"
)

// Partitioning is the table's attribute "partition": the whole clause. Of a table
// partitioned by SYSTEM_TIME (MariaDB) the clause is taken from SHOW CREATE TABLE; there
// STARTS, which the server fills in with the day, is kept for printing and not compared.

// partitioning is one table's clause in the making.
type partitioning struct {
	by, sub    string
	partitions []partition
}

type partition struct {
	name, values, comment string
	subs                  []string
	subComments           []string
}

func (r *reader) readPartitions() error {
	query := "SELECT TABLE_NAME, PARTITION_NAME, SUBPARTITION_NAME, PARTITION_METHOD, SUBPARTITION_METHOD, PARTITION_EXPRESSION, " +
		"SUBPARTITION_EXPRESSION, PARTITION_DESCRIPTION, PARTITION_COMMENT FROM information_schema.PARTITIONS " +
		"WHERE TABLE_SCHEMA = {home} AND PARTITION_NAME IS NOT NULL " +
		"ORDER BY TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION"
	found := map[string]*partitioning{}
	err := r.each(query, func(w row) error {
		t := r.tables[w.s(0)]
		if t == nil {
			return nil
		}
		p := found[t.Name]
		if p == nil {
			p = &partitioning{by: method(w.s(3), w.s(5)), sub: method(w.s(4), w.s(6))}
			found[t.Name] = p
			if w.s(3) == "SYSTEM_TIME" {
				r.systemTimePartitions(t)
			}
		}
		p.add(w)
		return nil
	})
	for name, p := range found {
		r.tables[name].Attrs["partition"] = r.relative(p.String())
	}
	return err
}

func method(name, expression string) string {
	if name == "" {
		return ""
	}
	return name + " (" + expression + ")"
}

func (p *partitioning) add(w row) {
	n := len(p.partitions)
	if n == 0 || p.partitions[n-1].name != w.s(1) {
		p.partitions = append(p.partitions, partition{name: w.s(1), values: values(w.s(3), w[7].Valid, w.s(7)), comment: w.s(8)})
		n++
	}
	if w.s(2) != "" {
		last := &p.partitions[n-1]
		last.subs, last.subComments = append(last.subs, w.s(2)), append(last.subComments, w.s(8))
	}
}

func values(method string, given bool, description string) string {
	switch {
	case !given:
		return ""
	case strings.HasPrefix(method, "LIST"):
		return " VALUES IN (" + description + ")"
	case method == "RANGE" && description == "MAXVALUE":
		return " VALUES LESS THAN MAXVALUE"
	default:
		return " VALUES LESS THAN (" + description + ")"
	}
}

// String writes the clause. Partitions by hash or key that are called as the
// server calls them are only counted.
func (p *partitioning) String() string {
	var b strings.Builder
	b.WriteString("PARTITION BY " + p.by)
	if p.counted() {
		b.WriteString("\nPARTITIONS " + strconv.Itoa(len(p.partitions)))
		return b.String()
	}
	named := p.namedSubs()
	if p.sub != "" {
		b.WriteString("\nSUBPARTITION BY " + p.sub)
		if !named {
			b.WriteString("\nSUBPARTITIONS " + strconv.Itoa(len(p.partitions[0].subs)))
		}
	}
	var parts []string
	for _, one := range p.partitions {
		parts = append(parts, one.String(named))
	}
	b.WriteString("\n(" + strings.Join(parts, ",\n ") + ")")
	return b.String()
}

func (one partition) String(namedSubs bool) string {
	s := "PARTITION " + ident(one.name) + one.values
	if namedSubs {
		var subs []string
		for i, sub := range one.subs {
			subs = append(subs, "SUBPARTITION "+ident(sub)+comment(one.subComments[i]))
		}
		return s + "\n (" + strings.Join(subs, ",\n  ") + ")"
	}
	return s + comment(one.comment)
}

func comment(c string) string {
	if c == "" {
		return ""
	}
	return " COMMENT = " + quote(c)
}

func (p *partitioning) counted() bool {
	for i, one := range p.partitions {
		if one.values != "" || one.comment != "" || len(one.subs) > 0 || one.name != "p"+strconv.Itoa(i) {
			return false
		}
	}
	return true
}

// namedSubs tells whether a subpartition has another name than the server gives.
func (p *partitioning) namedSubs() bool {
	for _, one := range p.partitions {
		for i, sub := range one.subs {
			if sub != one.name+"sp"+strconv.Itoa(i) || one.subComments[i] != "" {
				return true
			}
		}
	}
	return false
}

func (r *reader) systemTimePartitions(t *catalog.Object) {
	r.want("TABLE", t.Key, func(text string) error {
		i := strings.LastIndex(text, "\n PARTITION BY SYSTEM_TIME")
		if i < 0 {
			return nil
		}
		clause := strings.ReplaceAll(strings.TrimSpace(text[i:]), " ENGINE = "+t.Attrs["engine"], "")
		t.Info["partition"] = clause
		head, list, _ := strings.Cut(clause, "\n")
		head, _, _ = strings.Cut(head, " STARTS ")
		t.Attrs["partition"] = head + "\n" + list
		return nil
	})
}

func partitionText(t *catalog.Object) string {
	if text := t.Info["partition"]; text != "" {
		return text
	}
	return t.Attrs["partition"]
}

// splitPartitions cuts a clause into what stands before the list and the list's
// items, each by name; nil where there is no list.
func splitPartitions(clause string) (head string, names, items []string) {
	head, list, found := strings.Cut(clause, "\n(PARTITION ")
	if !found {
		return clause, nil, nil
	}
	for _, item := range strings.Split(strings.TrimSuffix(list, ")"), ",\n PARTITION ") {
		ts := tokens(item)
		names = append(names, ts[0].val)
		items = append(items, "PARTITION "+item)
	}
	return head, names, items
}

// partitions compares the clauses. Partitions taken out of a list, or put at its end, are
// dropped or added by statements of their own; other changes divide the table anew.
func (a *altering) partitions() (before []string, with string, after []string) {
	if !a.d.Changed("partition") {
		return nil, "", nil
	}
	from, to := a.d.From.Attrs["partition"], a.d.To.Attrs["partition"]
	if to == "" {
		return nil, "REMOVE PARTITIONING", nil
	}
	gone, come, ok := partitionChanges(from, to)
	if !ok {
		return nil, partitionText(a.d.To), nil
	}
	if len(gone) > 0 {
		before = []string{"ALTER TABLE " + ident(a.d.To.Name) + " DROP PARTITION " + idents(gone)}
	}
	if len(come) > 0 {
		after = []string{"ALTER TABLE " + ident(a.d.To.Name) + " ADD PARTITION\n(" + strings.Join(come, ",\n ") + ")"}
	}
	return before, "", after
}

// partitionChanges tells which partitions go, by name, and which come at the end, by
// definition; false where the list cannot be made so. Dropping is the way only for
// ranges and lists; something must stay.
func partitionChanges(from, to string) (gone, come []string, ok bool) {
	head, names, items := splitPartitions(from)
	head2, names2, items2 := splitPartitions(to)
	ranged := strings.HasPrefix(head, "PARTITION BY RANGE") || strings.HasPrefix(head, "PARTITION BY LIST")
	if head != head2 || !ranged || names == nil || names2 == nil {
		return nil, nil, false
	}
	n := 0
	for i, name := range names {
		if n < len(items2) && items2[n] == items[i] {
			n++
		} else if slices.Contains(names2, name) {
			return nil, nil, false
		} else {
			gone = append(gone, name)
		}
	}
	return gone, items2[n:], n > 0
}
