// Package models is the schema of a small shop.
package models

import (
	"time"

	"gorm.io/gorm"
)

// Base is a part of other models and no model itself.
type Base struct {
	ID        uint64 `gorm:"primaryKey"`
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Address is embedded with a prefix.
type Address struct {
	Street string `gorm:"size:120"`
	City   string `gorm:"size:80;not null;default:''"`
}

type User struct {
	gorm.Model
	Name     string  `gorm:"size:100;not null;comment:how they're called"`
	Email    *string `gorm:"size:255;uniqueIndex:idx_users_email"`
	Age      uint8   `gorm:"check:chk_users_age,age > 13"`
	Active   bool    `gorm:"not null;default:true"`
	Home     Address `gorm:"embedded;embeddedPrefix:home_"`
	ParentID *uint
	Parent   *User
	Roles    []Role `gorm:"many2many:user_roles"`
	Orders   []Order
	Notes    []Note `gorm:"polymorphic:Owner"`
}

type Role struct {
	ID   uint   `gorm:"primaryKey"`
	Name string `gorm:"size:40;uniqueIndex"`
}

type Order struct {
	Base
	UserID uint      `gorm:"index:idx_orders_user_placed,priority:1"`
	User   User      `gorm:"constraint:OnUpdate:CASCADE,OnDelete:RESTRICT"`
	Placed time.Time `gorm:"index:idx_orders_user_placed,priority:2,sort:desc;precision:3"`
	Total  float64   `gorm:"type:decimal(12,2);not null;default:0"`
	Lines  []OrderLine
}

// TableName is not the plural of the type's name.
func (Order) TableName() string { return "shop_orders" }

// OrderLine has a key of two columns.
type OrderLine struct {
	OrderID  uint64 `gorm:"primaryKey;autoIncrement:false"`
	Position int    `gorm:"primaryKey;autoIncrement:false"`
	Article  string `gorm:"size:32;not null;index"`
	Amount   int32  `gorm:"not null;check:amount > 0"`
}

type Note struct {
	ID        uint `gorm:"primaryKey"`
	OwnerID   uint
	OwnerType string `gorm:"size:40"`
	Text      string
	Raw       []byte
	hidden    string //nolint:unused // no column: it is not exported
}

// A Basket is what the program works with; it is stored nowhere.
type Basket struct{ Orders []Order }

// Models are the models that Migrate makes tables for.
func Models() []any {
	return []any{&User{}, &Role{}, &Order{}, &OrderLine{}, &Note{}}
}

// Migrate is how the service itself makes its tables.
func Migrate(db *gorm.DB) error { return db.AutoMigrate(Models()...) }
