"""What every database can do, in a form that SQLAlchemy 1.4 knows too. The driver of the engine is not installed."""

import datetime
import os

from sqlalchemy import (
    Boolean, CheckConstraint, Column, Date, DateTime, Enum, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, Numeric, String, Table,
    Text, UniqueConstraint, create_engine, event, func, text,
)
from sqlalchemy.orm import declarative_base, relationship, sessionmaker
from sqlalchemy.schema import DDL

print("models are being imported")
engine = create_engine(os.environ["APP_DATABASE_URL"], pool_size=5, connect_args={"connect_timeout": 3})
Session = sessionmaker(bind=engine)


@event.listens_for(engine, "connect")
def connected(connection, record):
    raise RuntimeError("a connection was made")


Base = declarative_base()

link = Table(
    "person_team",
    Base.metadata,
    Column("person_id", ForeignKey("person.id"), primary_key=True),
    Column("team_id", ForeignKey("team.id"), primary_key=True),
)


class Team(Base):
    __tablename__ = "team"
    id = Column(Integer, primary_key=True)
    name = Column(String(50), unique=True, nullable=False)
    share = Column(String(10), server_default="5%", comment="it's 100% of what: a share")
    captain_id = Column(Integer, ForeignKey("person.id", name="team_captain", use_alter=True))


class Person(Base):
    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("name NOT LIKE '%x%'", name="no_x"),
        UniqueConstraint("first", "name", name="whole_name"),
        Index("by_name", "name", "first"),
        Index("by_born", "born"),
        {"comment": "who 'plays'"},
    )
    id = Column(Integer, primary_key=True)
    first = Column(String(40), nullable=False)
    name = Column(String(40), nullable=False)
    born = Column(Date)
    seen = Column(DateTime, server_default=func.now(), onupdate=datetime.datetime.now)
    weight = Column(Float)
    pay = Column(Numeric(10, 2), server_default=text("0"))
    active = Column(Boolean, default=True, nullable=False)
    picture = Column(LargeBinary)
    note = Column(Text)
    mood = Column(Enum("good", "so bad", name="mood"), server_default="good")
    size = Column(Enum("s", "m", name="size", native_enum=False, create_constraint=True))
    parent_id = Column(Integer, ForeignKey("person.id", ondelete="SET NULL"), index=True)
    teams = relationship(Team, secondary=link)
    Select = Column("Select", Integer)


# two tables that name each other, by constraints without a name
Table("hen", Base.metadata, Column("id", Integer, primary_key=True), Column("egg_id", Integer, ForeignKey("egg.id")))
Table("egg", Base.metadata, Column("id", Integer, primary_key=True), Column("hen_id", Integer, ForeignKey("hen.id")))
event.listen(Base.metadata, "after_create", DDL("CREATE VIEW adult AS SELECT id, name FROM person WHERE born < '2000-01-01'"))
Base.metadata.create_all(engine)
