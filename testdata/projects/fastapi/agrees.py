"""Says what Alembic would change in the database to come to the models."""

import shop.models.warehouse  # noqa: F401
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from shop.config import settings
from shop.db import Base
from sqlalchemy import create_engine



def ours(thing, name, kind, reflected, other):
    return name != "alembic_version_migr_log"  # migr's own


options = {"compare_type": True, "include_object": ours}
with create_engine(settings.database_url).connect() as connection:
    print(compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata))
