from sqlalchemy import Column, Integer, String, Table

from .. import metadata

kind = Table("kind", metadata, Column("id", Integer, primary_key=True), Column("name", String(20)))
