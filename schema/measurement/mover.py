"""Movers: whose score moved most since an instant."""

from collections.abc import Mapping
from typing import Any

from compiler.declare import argument, column, one_of, rows, value_object
from schema.node import HealthSubject
from schema.scalars import DateTimeOrDuration, Points

ANYWHERE = ""
IN_PORTFOLIO = " and n.portfolio_id in (select c.descendant_id from portfolio_closure c where c.tenant_id = {tenant} and c.ancestor_id = {self}.id)"

_NODES = " union all ".join(
    f"select n.id, n.health_score_mp from {table} n where n.tenant_id = {{tenant}} and n.archived_at is null"
    " and n.health_score_mp is not null {within n.portfolio_id}{members}"
    for table in ("product", "initiative")
)
_BEFORE = (
    "select h.score_mp from health_score h where h.tenant_id = {tenant} and h.node_id = n.id and h.series = 'LIVE'"
    " and h.as_of <= organization_day({since}) order by h.as_of desc, h.revision desc, h.id desc limit 1"
)
_SOURCE = (
    "(select n.id as subject_id, before.score_mp as from_mp, n.health_score_mp as to_mp, n.health_score_mp - before.score_mp as delta_mp"
    f" from ({_NODES}) n cross join lateral ({_BEFORE}) before where before.score_mp <> n.health_score_mp"
    " order by abs(n.health_score_mp - before.score_mp) desc, n.id limit {first}) {other}"
)


@value_object
class Mover:
    """A product or an initiative whose published score is not what it was."""

    subject = one_of(HealthSubject, "Product or initiative.", "{self}.subject_id")
    from_: Points = column("Score on the day of the instant, the last one known by then.", "from_mp", field="from")
    to: Points = column("Score now.", "to_mp")
    delta: Points = column("Score now less score then; below 0 when it fell.", "delta_mp")


def movers(members: str) -> Any:
    """members: a further condition on node n."""

    def source(arguments: Mapping[str, Any]) -> str:
        text = _SOURCE.replace("{members}", members)
        return text if arguments.get("first") is not None else text.replace("{first}", "10")

    return rows(
        Mover,
        "Products and initiatives below whose published score moved, largest move first. Left out are those without a score then or now.",
        source,
        "abs({other}.delta_mp) desc, {other}.subject_id",
        arguments={
            "since": argument(DateTimeOrDuration, "Day to compare with, by an instant on it; not a day to come."),
            "first": argument(int | None, "Number of movers, 0 to 100. Null: 10."),
        },
    )
