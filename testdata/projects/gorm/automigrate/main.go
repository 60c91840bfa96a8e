// Command automigrate lets GORM make the tables itself: what migr's must equal.
// It takes a database URL.
package main

import (
	"database/sql"
	"fmt"
	"os"
	"strings"

	"gorm.io/driver/mysql"
	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	_ "modernc.org/sqlite"

	"example.com/shop/internal/models"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(url string) error {
	var d gorm.Dialector
	scheme, rest, _ := strings.Cut(url, "://")
	switch scheme {
	case "postgres":
		d = postgres.Open(url)
	case "mysql":
		rest, _, _ = strings.Cut(rest, "?")
		user, place, _ := strings.Cut(rest, "@")
		host, name, _ := strings.Cut(place, "/")
		d = mysql.Open(user + "@tcp(" + host + ")/" + name + "?parseTime=true")
	default:
		db, err := sql.Open("sqlite", rest)
		if err != nil {
			return err
		}
		d = &sqlite.Dialector{Conn: db}
	}
	db, err := gorm.Open(d, &gorm.Config{})
	if err != nil {
		return err
	}
	return models.Migrate(db)
}
