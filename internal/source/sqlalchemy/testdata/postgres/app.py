"""What only PostgreSQL can do."""

from sqlalchemy import (
    CheckConstraint, Column, Computed, DateTime, Enum, ForeignKey, ForeignKeyConstraint, Identity, Index, Integer, MetaData, Sequence, String, Table,
    UniqueConstraint, event, func, text,
)
from sqlalchemy.dialects.postgresql import ARRAY, ENUM, JSONB, TSTZRANGE, UUID, ExcludeConstraint
from sqlalchemy.orm import declarative_base
from sqlalchemy.schema import DDL

Base = declarative_base(metadata=MetaData())
number = Sequence("invoice_number", start=1000, metadata=Base.metadata)


class Invoice(Base):
    __tablename__ = "invoice"
    id = Column(UUID(as_uuid=True), primary_key=True, server_default=text("gen_random_uuid()"))
    number = Column(Integer, number)
    line = Column(Integer, Identity(start=42, always=True))
    net = Column(Integer, nullable=False)
    gross = Column(Integer, Computed("net * 119 / 100", persisted=True))
    state = Column(Enum("new", "50%", "done", name="invoice_state"), server_default="new")
    data = Column(JSONB, server_default=text("'{}'::jsonb"))
    tags = Column(ARRAY(String(20)))
    during = Column(TSTZRANGE)
    email = Column(String)
    audit_id = Column(Integer, ForeignKey("ops.audit.id"))
    __table_args__ = (
        Index("invoice_open", "net", postgresql_where=text("state <> 'done' AND email LIKE '%x'")),
        Index("invoice_email", func.lower(email), unique=True),
        Index("invoice_data", "data", postgresql_using="gin"),
        ExcludeConstraint(("during", "&&"), name="no_overlap"),
        UniqueConstraint("number", name="one_number", deferrable=True, initially="DEFERRED"),
    )


class Audit(Base):
    __tablename__ = "audit"
    __table_args__ = {"schema": "ops"}
    id = Column(Integer, primary_key=True)
    state = Column(Enum("new", "50%", "done", name="invoice_state"))
    level = Column(Enum("a", "b", name="level", schema="ops"))
    invoice_id = Column(UUID(as_uuid=True), ForeignKey("invoice.id", name="audit_invoice", use_alter=True))


Table("Odd Name", Base.metadata, Column("a b", Integer, primary_key=True), Column("c", Integer, CheckConstraint("c % 2 = 0")))
event.listen(
    Base.metadata,
    "after_create",
    DDL(
        """
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            NEW.net := NEW.net; RETURN NEW;
        END $$;
        CREATE TRIGGER touch BEFORE UPDATE ON invoice FOR EACH ROW EXECUTE FUNCTION touch();
        """
    ).execute_if(dialect="postgresql"),
)
event.listen(Audit.__table__, "after_create", lambda target, connection, **kw: connection.execute(text("CREATE INDEX audit_state ON ops.audit (state)")))
