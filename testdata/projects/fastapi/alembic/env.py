import shop.models.warehouse  # noqa: F401
from alembic import context
from shop.config import settings
from shop.db import Base
from sqlalchemy import create_engine

with create_engine(settings.database_url).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
