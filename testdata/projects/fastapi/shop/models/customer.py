import datetime

from sqlalchemy import CheckConstraint, String, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ..db import Base


class Customer(Base):
    __tablename__ = "customer"
    __table_args__ = (CheckConstraint("discount BETWEEN 0 AND 100", name="discount"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(100), index=True)
    discount: Mapped[int] = mapped_column(server_default="0")
    joined: Mapped[datetime.datetime] = mapped_column(server_default=func.now())

    orders = relationship("Order", back_populates="customer")
