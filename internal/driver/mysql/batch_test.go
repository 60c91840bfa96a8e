package mysql

import "testing"

func TestKeepsText(t *testing.T) {
	for stmt, want := range map[string]bool{
		"CREATE PROCEDURE p() SELECT 1":                                    true,
		"create definer=`a`@`b` function f() returns int return 1":         true,
		"/* c */ CREATE OR REPLACE TRIGGER t BEFORE INSERT ON u SET @a=1":  true,
		"/*!50003 CREATE*/ /*!50020 DEFINER=`a`@`b`*/ /*!50003 TRIGGER t ": true,
		"ALTER EVENT e DO SELECT 1":                                        true,
		"CREATE TABLE `procedure` (id int)":                                false,
		"CREATE TABLE t (event int)":                                       false,
		"CREATE ALGORITHM=MERGE VIEW v AS SELECT 1 AS `trigger`":           false,
		"DROP PROCEDURE p":                                                 false,
		"":                                                                 false,
	} {
		if got := keepsText(stmt); got != want {
			t.Errorf("%s: %t, want %t", stmt, got, want)
		}
	}
}
