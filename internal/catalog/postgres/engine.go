package postgres

import "github.com/migr-dev/migr/internal/catalog"

// Engine is PostgreSQL, versions 13 to 18.
func Engine() *catalog.Engine {
	return &catalog.Engine{
		Name: "postgres",
		Read: read,
		Kinds: []catalog.Kind{
			schemaKind, homeCommentKind, extensionKind, collationKind,
			enumKind, domainKind, compositeKind, rangeKind,
			sequenceKind,
			routineKind("function", ""), routineKind("procedure", ""), routineKind("aggregate", "function"),
			operatorKind, castKind, tsDictionaryKind, tsConfigurationKind,
			tableKind, columnKind, inheritedColumnKind,
			constraintKind("primary_key", "", "relation"), constraintKind("unique", "", "relation"),
			constraintKind("exclude", "unique", "relation"), constraintKind("check", "", ""), constraintKind("foreign_key", "", ""),
			sequenceOwnerKind, indexKind, statisticsKind,
			viewKind, materializedViewKind,
			ruleKind, policyKind, triggerKind, eventTriggerKind, publicationKind,
		},
		RenameCandidate: renameCandidate, Labels: labels, RenameLabel: renameLabel,
		Stages: stages, Locks: locks,
	}
}
