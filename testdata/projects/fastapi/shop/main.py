"""The service."""

from fastapi import Depends, FastAPI
from sqlalchemy import select

from .db import Session
from .models import Customer

app = FastAPI()


async def session():
    async with Session() as s:
        yield s


@app.get("/customers")
async def customers(s=Depends(session)):
    return [c.name for c in (await s.scalars(select(Customer).order_by(Customer.name))).all()]
