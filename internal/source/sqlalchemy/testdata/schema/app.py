"""A MetaData with a schema of its own: enums stay outside of it in some versions, tables and sequences do not."""

import enum

from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, Sequence, Table

m = MetaData(schema="ops")


class Colour(enum.Enum):
    red = "r"
    blue = "b"


Table(
    "lamp",
    m,
    Column("id", Integer, Sequence("lamp_id", metadata=m), primary_key=True),
    Column("colour", Enum(Colour, name="colour")),
    Column("shade", Enum(Colour, name="shade", inherit_schema=True)),
)
Table("bulb", m, Column("lamp_id", ForeignKey("ops.lamp.id")), Column("colour", Enum(Colour, name="colour")))
