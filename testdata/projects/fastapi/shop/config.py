"""Settings of the shop, from the environment."""

import os


class Settings:
    def __init__(self):
        self.database_url = os.environ.get("SHOP_DATABASE_URL", "postgresql+asyncpg://shop@localhost/shop")
        self.echo = os.getenv("SHOP_ECHO", "") == "1"


settings = Settings()
