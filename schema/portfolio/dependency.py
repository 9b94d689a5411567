"""Dependencies: which initiative waits for which."""

from datetime import datetime

import strawberry

from compiler.declare import column, expression, identifier, lookup, many, one, table
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Condition, Filter
from schema import check
from schema.connection.external_link import external_links
from schema.entity import entity
from schema.member import written
from schema.node import Node
from schema.reference import by_id_or_external, lookup_input
from schema.scalars import COMPARATORS

_VIOLATED = (
    "exists (select from initiative blocker join initiative blocked on blocked.tenant_id = blocker.tenant_id"
    " where blocker.tenant_id = {tenant} and blocker.id = {dependency}.blocker_id and blocked.id = {dependency}.blocked_id"
    " and blocked.state not in ('COMPLETED', 'CANCELED') and blocker.state <> 'COMPLETED'"
    " and (blocker.state = 'CANCELED' or blocker.target_on > blocked.start_on"
    " or blocker.target_on < (select organization_day({now})))"
    " {within blocker.portfolio_id} {within blocked.portfolio_id})"
)
_SEEN = (
    "(select count(*) from subject s where s.tenant_id = {self}.tenant_id and s.id in ({self}.blocker_id, {self}.blocked_id)"
    " and s.portfolio_id = any({granted}))"
)

IS_VIOLATED = Condition(_VIOLATED.replace("{dependency}", "{self}"))
HAS_VIOLATED = Condition(
    "exists (select from dependency d where d.tenant_id = {tenant} and d.blocked_id = {self}.id and d.archived_at is null and "
    + _VIOLATED.replace("{dependency}", "d")
    + ")"
)


def _end(column_name: str) -> Filter:
    """What `blocker` or `blocked` hides, the filter does not find."""
    home = f"(select s.portfolio_id from subject s where s.tenant_id = {{self}}.tenant_id and s.id = {{self}}.{column_name})"
    hidden = f"{{restricted case when {home} = any({{granted}}) then}}"
    return Filter(f"({hidden} {{self}}.{column_name} {{restricted end}})", "ID", "uuid", "INITIATIVE")


@entity(
    subject="blocked_id",
    external=True,
    known_by=("blockerId", "blockedId"),
    is_unique=False,
    create="Let an initiative wait for another. Refused where they would wait for each other in a circle. Safe to repeat: the same dependency is kept once, with the note that came last.",
    update="Change what is said of a dependency.",
    upsert="Make or change a dependency by the name that another system gives it.",
    archive="End a dependency; to have it again, make it anew. Its external links are removed. Safe to repeat.",
    needs="a new dependency needs blockerId and blockedId, which stay the same for ever",
)
@table("dependency", kind="DEPENDENCY", wall=f"{_SEEN} > 0")
class Dependency(Node):
    """One initiative needs another to be finished first. Seen by whoever sees one of the two."""

    id: strawberry.ID = identifier("DEPENDENCY")
    blocker = written(
        one(
            "Initiative",
            "Initiative that must be finished first; null when it is outside your portfolios.",
            "{other}.id = {self}.blocker_id",
            nullable=True,
        ),
        "Initiative that must be finished first.",
        fixed=True,
        nullable=False,
    )
    blocked = written(
        one(
            "Initiative",
            "Initiative that waits for it; null when it is outside your portfolios.",
            "{other}.id = {self}.blocked_id",
            nullable=True,
        ),
        "Initiative that waits for it.",
        fixed=True,
        nullable=False,
    )
    note: str | None = written(
        expression(
            "Why it is so; null when nobody wrote it down, or when one of the two is outside your portfolios.",
            f"(case when true {{restricted and {_SEEN} = 2}} then {{self}}.note end)",
        ),
        "Why it is so, at most 20,000 characters; null: not said.",
        check.text,
        private=True,
    )
    is_violated: bool | None = expression(
        "Whether the plan does not hold: neither is finished and the blocker ends after the blocked one's first day, or is overdue; or the blocker is canceled while the blocked one is not finished. Null when one of the two is outside your portfolios.",
        f"(case when true {{restricted and {_SEEN} = 2}} then {IS_VIOLATED.sql} end)",
    )
    external_links = external_links()
    version: int = column(
        "Number of changes; give it back in an update to be sure that nobody changed the dependency meanwhile."
    )
    created_at: datetime = column("Instant of creation.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    updated_at: datetime = column("Instant of the last change.", filter="DATE_TIME", sql_type="timestamptz", order=True)
    archived_at: datetime | None = column(
        "Instant since when it is archived; null: it is not.",
        filter="DATE_TIME",
        sql_type="timestamptz",
    )


DependencyConnection, DependencyEdge, DependencyFilter, DependencyOrder = listing(
    Dependency,
    COMPARATORS,
    {
        "blockerId": ExtraFilter(
            COMPARATORS["ID"],
            "Initiative that must be finished first.",
            _end("blocker_id"),
        ),
        "blockedId": ExtraFilter(
            COMPARATORS["ID"],
            "Initiative that waits.",
            _end("blocked_id"),
        ),
        "isViolated": ExtraFilter(bool, "Whether the plan does not hold.", IS_VIOLATED),
    },
)
DependencyBy = lookup_input("DependencyBy", "dependency", external=True, key=False)


@strawberry.type
class DependencyQuery:
    dependency = lookup(
        "Dependency",
        "Dependency by one of its names; null when there is none that you may see.",
        DependencyBy,
        by_id_or_external("DEPENDENCY"),
    )
    dependencies = many("Dependency", "Dependencies between initiatives, in the order of creation.")
