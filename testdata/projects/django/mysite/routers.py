class ArchiveRouter:
    """Old loans live in a database of their own."""

    def allow_migrate(self, db, app_label, model_name=None, **hints):
        if model_name == "oldloan":
            return db == "archive"
        return None if db == "default" else False
