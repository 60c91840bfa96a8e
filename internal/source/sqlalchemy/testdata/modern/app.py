"""Declarative with Mapped, dataclasses and SQLModel, on one MetaData."""

import datetime
import enum
from typing import Annotated, List, Optional

from sqlalchemy import ForeignKey, String
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship
from sqlmodel import Field, SQLModel

engine = create_async_engine("mysql+aiomysql://u:p@db.invalid/x")
key = Annotated[int, mapped_column(primary_key=True)]


class Base(MappedAsDataclass, DeclarativeBase):
    metadata = SQLModel.metadata


class Colour(enum.Enum):
    red = 1
    green = 2


class Bike(Base):
    __tablename__ = "bike"
    id: Mapped[key] = mapped_column(init=False)
    name: Mapped[str] = mapped_column(String(30), insert_default="x")
    colour: Mapped[Optional[Colour]] = mapped_column(default=None)
    wheels: Mapped[List["Wheel"]] = relationship(default_factory=list)


class Wheel(Base):
    __tablename__ = "wheel"
    id: Mapped[key] = mapped_column(init=False)
    bike_id: Mapped[int] = mapped_column(ForeignKey("bike.id"))


class Ride(SQLModel, table=True):
    id: Optional[int] = Field(default=None, primary_key=True)
    bike_id: int = Field(foreign_key="bike.id", index=True)
    start: datetime.datetime
    place: str = Field(max_length=50, unique=True)
