"""customers and the warehouse"""

import sqlalchemy as sa
from alembic import op

revision = "1f2e3d4c5b6a"
down_revision = None


def upgrade():
    op.create_table(
        "customer",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("email", sa.String(200), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("discount", sa.Integer, server_default="0", nullable=False),
        sa.Column("joined", sa.DateTime, server_default=sa.func.now(), nullable=False),
        sa.CheckConstraint("discount BETWEEN 0 AND 100", name=op.f("ck_customer_discount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("email", name=op.f("uq_customer_email")),
    )
    op.create_index(op.f("ix_customer_name"), "customer", ["name"])
    op.create_table(
        "stock",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("place", sa.String(20), nullable=False),
        sa.Column("parent_id", sa.Integer),
        sa.ForeignKeyConstraint(["parent_id"], ["stock.id"], name=op.f("fk_stock_parent_id_stock")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock")),
    )


def downgrade():
    op.drop_table("stock")
    op.drop_table("customer")
