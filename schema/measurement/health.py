"""Health: the score, how sure it is, and why it is what it is."""

from datetime import date, datetime

from compiler.comparison import enum_comparator
from compiler.declare import column, expression, part, rows, table, value_object
from compiler.listing import ExtraFilter, filter_object
from compiler.mapping import Filter
from portfolio.enumerations import ConfidenceLevel, HealthBand, HealthDimensionName
from schema.portfolio.divergence import DIVERGING
from schema.scalars import COMPARATORS, Points


@value_object
class HealthRange:
    """Bounds of a score without any assumption about what is unknown."""

    low: Points = expression("Score if everything unknown turned out worst.", "coalesce({self}.low_mp, 0)")
    high: Points = expression("Score if everything unknown turned out best.", "coalesce({self}.high_mp, 100000)")


@value_object
class HealthDimension:
    """Score of one dimension, before caps."""

    name: HealthDimensionName = column("Dimension.")
    score: Points | None = column("Score of the dimension; null when nothing in it could be scored.", "points_mp")


@value_object
class HealthContribution:
    """Points that one dimension or cap takes away from 100. All rows together are exactly 100 minus the provisional score."""

    key: str = column("Dimension, or cap:rule:reference for a cap that binds.")
    points: Points = column("Points lost.", "points_mp")


@value_object
class HealthDriver:
    """Points that one piece of evidence takes away from 100. All rows together are exactly 100 minus the provisional score."""

    path: str = column(
        "Dimension and evidence, such as OUTCOMES/kpi:kpi_…; REMAINDER sums what is not listed, OUTSIDE_YOUR_PORTFOLIOS the children hidden from you."
    )
    code: str = column("Reason, such as KPI_BELOW_TARGET, SCHEDULE_SLIP or CHILD.")
    points: Points = column("Points lost.", "points_mp")


@value_object
class HealthCap:
    """Upper limit that a rule sets to the score, binding or not."""

    key: str = column("Rule and reference: cap:critical_kpi:kpi_…, cap:overdue.")
    limit: Points = column("Highest score that the rule allows.", "points_mp")
    binding: bool = column(
        "Whether the score would be higher without limits and is held at this one; otherwise it is below by itself."
    )


@value_object
class ExcludedChildren:
    """Children that the score leaves out, by lifecycle."""

    lifecycle: str = column("Lifecycle of these children, such as DRAFT, COMPLETED or ARCHIVED.")
    count: int = column("Number of children.", "children")


def _unnest(*columns: str) -> str:
    return f"unnest({', '.join('{self}.' + name for name in columns)}) with ordinality as {{other}}"


_ALL_DRIVERS = (
    "unnest({self}.driver_paths || 'REMAINDER'::text, {self}.driver_codes || 'REMAINDER'::text,"
    " {self}.driver_points_mp || {self}.driver_remainder_mp) as r (path, code, points_mp)"
)
# A child in a portfolio that the viewer does not see must not be named, yet the points have to add up.
_VISIBLE_DRIVER = (
    "case when r.path ~ '/node:[a-z]+_[0-9a-f-]+$' then exists (select from subject s where s.tenant_id = {tenant}"
    " and s.id = right(r.path, 36)::uuid and s.portfolio_id = any({granted})) else true end"
)
_DRIVERS = (
    f"(select r.path, r.code, r.points_mp from {_ALL_DRIVERS} where r.points_mp <> 0 {{restricted and {_VISIBLE_DRIVER}"
    f" union all select 'OUTSIDE_YOUR_PORTFOLIOS', 'CHILD', sum(r.points_mp)::integer from {_ALL_DRIVERS}"
    f" where not {_VISIBLE_DRIVER} having sum(r.points_mp) <> 0}}) {{other}}"
)
_DRIVER_ORDER = "({other}.path = 'REMAINDER'), {other}.points_mp desc, {other}.path collate \"C\""
# A limit at which the score ends by itself takes nothing away, and then no cap stands among the contributions.
_CAPS = (
    "(select c.*, coalesce(c.points_mp = {self}.provisional_mp and exists (select from unnest({self}.contribution_keys) k"
    " where k like 'cap:%'), false) as binding from "
    + _unnest("cap_keys", "cap_points_mp").replace("{other}", "c (key, points_mp, place)")
    + ") {other}"
)
_PENDING = (
    "exists (select from signal s where s.tenant_id = {tenant} and s.job = 'recompute_health' and s.target_id = {parent}.id"
    " and s.generation > s.done_generation"
    " {within (select u.portfolio_id from subject u where u.tenant_id = s.tenant_id and u.id = s.target_id)})"
)
_WALL = "exists (select from subject s where s.tenant_id = {self}.tenant_id and s.id = {self}.node_id and s.portfolio_id = any({granted}))"


@table("health_score", wall=_WALL)
class Health:
    """Measured health of an object on a day: a pure function of policy, evidence, day and the band before."""

    score: Points | None = column(
        "Published score, 0 to 100. Null when coverage is under 25 and the best case is not bad either.",
        "score_mp",
    )
    provisional_score: Points | None = column(
        "Score from what is known, published or not. Null when nothing could be scored.",
        "provisional_mp",
    )
    band: HealthBand = expression("Band of the published score, with hysteresis.", "coalesce({self}.band, 'UNKNOWN')")
    band_since: date | None = column("Day since when the band has been the same; null until first scored.")
    coverage: Points = expression(
        "Share of the expected evidence that is there, 0 to 100.", "coalesce({self}.coverage_mp, 0)"
    )
    freshness: Points = expression("How current the evidence is, 0 to 100.", "coalesce({self}.freshness_mp, 0)")
    confidence: Points = expression("Coverage times freshness, 0 to 100.", "coalesce({self}.confidence_mp, 0)")
    confidence_level: ConfidenceLevel = expression(
        "Confidence in words.", "coalesce({self}.confidence_level, 'VERY_LOW')"
    )
    range = part(HealthRange, "What the score could be if everything unknown turned out worst or best.")
    dimensions = rows(
        HealthDimension,
        "Scores of the dimensions that apply, at most eight, by name.",
        _unnest("dimension_names", "dimension_points_mp") + " (name, points_mp, place)",
        "{other}.place",
    )
    contributions = rows(
        HealthContribution,
        "What takes points away, largest first: at most eight dimensions and one cap.",
        _unnest("contribution_keys", "contribution_points_mp") + " (key, points_mp, place)",
        "{other}.place",
    )
    drivers = rows(
        HealthDriver,
        "The evidence behind the contributions, largest first: at most 50 rows and a remainder.",
        _DRIVERS,
        _DRIVER_ORDER,
    )
    caps = rows(
        HealthCap,
        "Limits in force, by key; at most one for each critical KPI and rule.",
        _CAPS,
        "{other}.place",
    )
    excluded_children = rows(
        ExcludedChildren,
        "Children left out of the score, by lifecycle; at most five rows.",
        _unnest("excluded_lifecycles", "excluded_counts") + " (lifecycle, children, place)",
        "{other}.place",
    )
    finish_probability: float | None = expression(
        "Probability, 0 to 1, that an initiative finishes by its target day; null when it cannot be told.",
        "{self}.finish_probability_mp / 100000.0",
    )
    schedule_performance: float | None = expression(
        "Work done over work expected by now, 1 is on plan (SPI(t) under a linear plan), six decimals; null when there is no schedule.",
        "round(split_part({self}.schedule_performance, '/', 1)::numeric / coalesce(nullif(split_part({self}.schedule_performance, '/', 2), ''), '1')::numeric, 6)",
    )
    recompute_pending: bool = expression("Whether a change is waiting to be counted in.", _PENDING)
    lifecycle: str | None = column(
        "Lifecycle that the score saw: ACTIVE and ON_HOLD are scored. Null until first scored."
    )
    as_of: date | None = column("Day of the score; null until first scored.")
    revision: int | None = column("Number of the computation for that day, from 1; null until first scored.")
    policy_version: str | None = column("Version of the rules; null until first scored.")
    engine_version: str | None = column("Version of the arithmetic; null until first scored.")
    fingerprint: str | None = expression(
        "SHA-256, in hexadecimal, of everything the score was computed from; null until first scored.",
        "encode({self}.fingerprint, 'hex')",
    )
    computed_at: datetime | None = column("Instant of the computation; null until first scored.")


HEALTH_FILTER = ExtraFilter(
    filter_object(
        "HealthFilter",
        "Condition on the current health; all members given must hold.",
        {
            "band": (enum_comparator(HealthBand), "Band."),
            "score": (COMPARATORS["POINTS"], "Published score; without one it is neither above nor below anything."),
            "diverging": (bool, "Whether the reported status differs from the measured band."),
        },
    ),
    "Current health.",
    {
        "band": Filter("{self}.health_band", HealthBand, "text"),
        "score": Filter("{self}.health_score_mp", "POINTS", "integer"),
        "diverging": DIVERGING,
    },
)
