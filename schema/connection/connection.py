"""Connections: trackers that send their changes here."""

from datetime import datetime

import strawberry

from compiler.declare import column, expression, identifier, lookup, many, table
from compiler.listing import listing
from portfolio.enumerations import TrackerSystem
from schema.entity import entity
from schema.node import Node
from schema.reference import lookup_input
from schema.scalars import COMPARATORS


@entity()
@table("connection", kind="CONNECTION", wall="false")
class Connection(Node):
    """A tracker that sends its changes here. Hidden from viewers who see only some portfolios."""

    id: strawberry.ID = identifier("CONNECTION")
    key: str = column("Name that people use, unique in the organization.", filter="STRING", order=True)
    name: str = column(
        "Display name.",
        filter="STRING",
        filter_expression="{self}.name_key",
        normalized=True,
        order="{self}.name_key",
    )
    system: TrackerSystem = column("Tracker.", filter=TrackerSystem)
    webhook_path: str = expression("Path to which the tracker posts its webhooks.", "('/webhooks/con_' || {self}.id)")
    live_secret_count: int = expression(
        "Number of secrets that are accepted now: one, or two while the sender is moved to a new one.",
        "(select count(*) from connection_secret s where s.tenant_id = {tenant} and s.connection_id = {self}.id and s.retired_at is null)",
    )
    last_delivery_at: datetime | None = column(
        "Instant of the newest authentic delivery; null: none came yet.",
        filter="DATE_TIME",
        sql_type="timestamptz",
        order=True,
    )
    deliveries = many(
        "Delivery",
        "Deliveries, newest first.",
        "{other}.connection_id = {self}.id",
        order="RECEIVED_AT desc",
    )
    work_items = many("WorkItem", "Items that the tracker told us of.", "{other}.connection_id = {self}.id")
    linking_rules = many(
        "LinkingRule",
        "Rules by which its items belong to initiatives.",
        "{other}.connection_id = {self}.id",
    )
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the connection meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived and refuses deliveries; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


ConnectionConnection, ConnectionEdge, ConnectionFilter, ConnectionOrder = listing(Connection, COMPARATORS)
ConnectionBy = lookup_input("ConnectionBy", "connection", external=False)


@strawberry.type
class ConnectionQuery:
    connection = lookup(
        "Connection",
        "Connection by one of its names; null when there is none that you may see.",
        ConnectionBy,
        {"id": "{other}.id = {value}", "key": "{other}.key = {value}"},
    )
    connections = many("Connection", "Connections of the organization, in the order of creation.")
