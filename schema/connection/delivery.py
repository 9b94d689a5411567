"""Deliveries: webhooks as they came in, and what became of them."""

from datetime import datetime

import strawberry

from compiler.declare import column, identifier, one, table
from compiler.listing import listing
from portfolio.enumerations import DeliveryStatus
from schema.node import Node
from schema.scalars import COMPARATORS


@table("delivery", kind="DELIVERY", wall="false")
class Delivery(Node):
    """An authentic webhook, kept as it came. Hidden from viewers who see only some portfolios."""

    id: strawberry.ID = identifier("DELIVERY")
    connection = one("Connection", "Connection through which it came.", "{other}.id = {self}.connection_id")
    event: str = column("Kind of event, in the tracker's words.", filter="STRING")
    status: DeliveryStatus = column("What became of it.", filter=DeliveryStatus)
    reason: str | None = column("Why it was not applied; null when it was, or is not looked at yet.")
    received_at: datetime = column("Instant at which it came.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    processed_at: datetime | None = column(
        "Instant at which it was dealt with; null: not yet.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


DeliveryConnection, DeliveryEdge, DeliveryFilter, DeliveryOrder = listing(Delivery, COMPARATORS)
