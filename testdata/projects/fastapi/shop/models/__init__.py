"""The models; those of the warehouse are imported where they are used."""

from .customer import Customer
from .order import Order, OrderLine

__all__ = ["Customer", "Order", "OrderLine"]
