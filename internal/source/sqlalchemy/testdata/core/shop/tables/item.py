from sqlalchemy import Column, ForeignKey, Integer, Table

from .. import metadata

item = Table("item", metadata, Column("id", Integer, primary_key=True), Column("kind_id", ForeignKey("kind.id")))
