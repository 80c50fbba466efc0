"""The lives of deliveries and orders as tables."""

from warehouse.replenishment.workflow.deliveries import DELIVERY, allowed
from warehouse.replenishment.workflow.orders import ORDER, OrderStanding, allowed_order

__all__ = ["DELIVERY", "ORDER", "OrderStanding", "allowed", "allowed_order"]
