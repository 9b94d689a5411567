"""Roll-ups: products counted by what they have in common, in one field."""

from typing import Any

from compiler.declare import argument, column, one, rows, value_object
from portfolio.enumerations import RollupGroup
from portfolio.identity import PREFIX_OF_KIND
from schema.scalars import Points

NOBODY = "NONE"
DEFAULT_GROUPS = 20


def _id_in_group(kind: str) -> str:
    """The id that a group is named by; null for groups that are named otherwise."""
    prefix = f"{PREFIX_OF_KIND[kind]}_"
    return f"case when starts_with({{self}}.name, '{prefix}') then substr({{self}}.name, {len(prefix) + 1})::uuid end"


@value_object
class RollupBucket:
    """Products of one group."""

    group: str = column(
        "What the group has in common: a health band, a lifecycle stage or a tier, the id of an owner or a team,"
        f" or {NOBODY} for products without an owner or a team.",
        "name",
    )
    owner = one(
        "Person",
        "Owner of these products; null unless they are counted by OWNER and have one that you may see.",
        "{other}.id = " + _id_in_group("PERSON"),
        nullable=True,
    )
    team = one(
        "Team",
        "Team that works on these products; null unless they are counted by TEAM and have one that you may see.",
        "{other}.id = " + _id_in_group("TEAM"),
        nullable=True,
    )
    count: int = column("Number of products, archived ones left out.", "products")
    average_score: Points | None = column(
        "Mean of the published scores, to three decimals; null when no product has one.",
        "average_mp",
    )


def _named_by(column: str, kind: str) -> str:
    return f"coalesce('{PREFIX_OF_KIND[kind]}_' || {column}, '{NOBODY}')"


_GROUPS = {
    RollupGroup.BAND: "p.health_band",
    RollupGroup.STAGE: "p.lifecycle_stage",
    RollupGroup.TIER: "p.tier",
    RollupGroup.OWNER: _named_by("p.owner_id", "PERSON"),
    RollupGroup.TEAM: _named_by("a.team_id", "TEAM"),
}
_OPEN = (RollupGroup.OWNER, RollupGroup.TEAM)
# A team may work on a product in several roles; it counts once.
_TEAMS = (
    " left join (select distinct w.subject_id, w.team_id from assignment w where w.tenant_id = {tenant} and w.team_id is not null"
    " and organization_day({now}) between w.from_on and coalesce(w.to_on, 'infinity')) a on a.subject_id = p.id"
)
_SELECT = (
    "(select {group} as name, count(*) as products,"
    " div(2 * sum(p.health_score_mp) + count(p.health_score_mp), nullif(2 * count(p.health_score_mp), 0))::integer as average_mp"
    " from product p{teams} where p.tenant_id = {tenant} and p.archived_at is null {members} {within p.portfolio_id} group by 1{most}) {other}"
)


def _most(arguments: Any) -> str:
    """Cuts the groups, unless there are only as many as an enumeration has words."""
    order = ' order by count(*) desc, {group} collate "C" limit '
    if arguments.get("first") is not None:
        return f"{order}{{first}}"
    return f"{order}{DEFAULT_GROUPS}" if arguments["groupBy"].value in _OPEN else ""


def rollup(members: str) -> Any:
    """The roll-up of a portfolio or of the organization. members: a further condition on product p."""

    def source(arguments: Any) -> str:
        group = RollupGroup(str(arguments["groupBy"].value))
        text = _SELECT.replace("{most}", _most(arguments)).replace("{group}", _GROUPS[group])
        text = text.replace("{members}", members)
        return text.replace("{teams}", _TEAMS if group is RollupGroup.TEAM else "")

    return rows(
        RollupBucket,
        "Products below, sub-portfolios included, counted by group: a row for each that occurs, up to `first`, by name.",
        source,
        '{other}.name collate "C"',
        arguments={
            "group_by": argument(RollupGroup, "What to count by."),
            "first": argument(
                int | None,
                f"Number of groups, 0 to 100: those with the most products. Null: {DEFAULT_GROUPS}, which is every band,"
                " stage and tier.",
            ),
        },
    )
