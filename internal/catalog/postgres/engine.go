package postgres

import "github.com/migr-dev/migr/internal/catalog"

// Engine is PostgreSQL, versions 13 to 18.
func Engine() *catalog.Engine {
	keep := keepingRights
	return &catalog.Engine{
		Name: "postgres",
		Read: read,
		Kinds: []catalog.Kind{
			schemaKind, homeCommentKind, extensionKind, keep(collationKind),
			keep(enumKind), keep(domainKind), keep(compositeKind), keep(rangeKind),
			keep(sequenceKind),
			keep(routineKind("function", "")), keep(routineKind("procedure", "")), keep(routineKind("aggregate", "function")),
			operatorKind, castKind, tsDictionaryKind, tsConfigurationKind,
			keep(tableKind), keep(columnKind), inheritedColumnKind,
			constraintKind("primary_key", "", "relation"), constraintKind("unique", "", "relation"),
			constraintKind("exclude", "unique", "relation"), constraintKind("check", "", ""), constraintKind("foreign_key", "", ""),
			sequenceOwnerKind, indexKind, attachedIndexKind, statisticsKind,
			keep(viewKind), keep(materializedViewKind),
			ruleKind, policyKind, triggerKind, eventTriggerKind, publicationKind,
			grantKind, defaultPrivilegesKind,
		},
		RenameCandidate: renameCandidate, Labels: labels, RenameLabel: renameLabel,
		Stages: stages, Locks: locks, Expect: expect, Columns: columns, Define: define,
	}
}
