package sqltext

const (
	postgresKeywords = " all select table user order group end "
	mysqlKeywords    = " all select table order group key "
	sqliteKeywords   = " all select table order group "
)
