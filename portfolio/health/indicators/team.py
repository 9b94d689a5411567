"""TEAM of a product or an initiative: CAPACITY, SKILLS, KEY_PERSON and STAFFING (method, section 4.4).

Teams are scored, never people: no value of a single member leaves this file.
"""

from fractions import Fraction

from portfolio.health.aggregation.tree import Fact, Leaf, Part, Place, Reasons, measured_leaf, missing_leaf
from portfolio.health.arithmetic import FULL_MP, round_mp
from portfolio.health.calendar_days import to_date
from portfolio.health.fields import Fields
from portfolio.health.indicators.context import NodeContext
from portfolio.health.policy.freshness import freshness, next_fading_day

DIMENSION = "TEAM"

_FULL_ALLOCATION_PERCENT = 100
_REASONS = {
    "CAPACITY": Reasons("OVER_ALLOCATED"),
    "SKILLS": Reasons("SKILL_GAP"),
    "KEY_PERSON": Reasons("KEY_PERSON_RISK"),
    "STAFFING": Reasons("UNDERSTAFFED"),
}


def team_components(context: NodeContext) -> list[Part]:
    """CAPACITY and KEY_PERSON are missing without data; SKILLS and STAFFING are absent."""
    team = context.node.section("team")
    if team is None:
        return []
    members, skills = list(team.items("members")), _demanded(team)
    parts: list[Part] = [
        _leaf(context, team, "CAPACITY", _capacity_mp(context, members)),
        _leaf(context, team, "KEY_PERSON", _key_person_mp(context, skills, len(members))),
    ]
    for name, score in (("SKILLS", _skills_mp(skills)), ("STAFFING", _staffing_mp(team))):
        if score is not None:
            parts.append(_leaf(context, team, name, score))
    return parts


def _leaf(context: NodeContext, team: Fields, name: str, raw_mp: int | None) -> Leaf:
    policy, as_of = context.policy, context.as_of
    place = Place(DIMENSION, name, policy.component_weights[DIMENSION].get(name, 0))
    if raw_mp is None:
        return missing_leaf(place)
    observed, cadence = team.day("observed_on"), policy.cadence_days["team"]
    context.changes_on(next_fading_day(observed, as_of, cadence, policy.staleness))
    fresh = freshness(observed, as_of, cadence, policy.staleness)
    return measured_leaf(place, Fact(raw_mp, fresh, to_date(observed)), _REASONS[name], policy)


def _capacity_mp(context: NodeContext, members: list[Fields]) -> int | None:
    """Each member counts fully up to 100 % over all work and falls to nothing, weighted by the part given here.

    Work is measured on the time that the member has on that day, which is full time where nothing else is said.
    """
    zero_at = context.policy.over_allocation_zero_at_percent
    given = sum((_amount(member, "allocation") for member in members), Fraction(0))
    if not given:
        return None
    kept = Fraction(0)
    for member in members:
        spare = (zero_at - _load_percent(member, zero_at)) / Fraction(zero_at - _FULL_ALLOCATION_PERCENT)
        kept += _amount(member, "allocation") * min(max(spare, Fraction(0)), Fraction(1))
    return _share_mp(kept / given)


def _load_percent(member: Fields, most: int) -> Fraction:
    """Work over the time there is. Without time any work is the most, and none is none: nobody is overloaded away."""
    total = _amount(member, "total_allocation")
    available = _amount(member, "available") if member.number("available") else Fraction(_FULL_ALLOCATION_PERCENT)
    if not available:
        return Fraction(most if total else 0)
    return total * _FULL_ALLOCATION_PERCENT / available


def _demanded(team: Fields) -> list[Fields]:
    return [skill for skill in team.items("skills") if _amount(skill, "demand") > 0]


def _skills_mp(skills: list[Fields]) -> int | None:
    demand = sum((_amount(skill, "demand") for skill in skills), Fraction(0))
    met = sum((min(_amount(skill, "demand"), _amount(skill, "supply")) for skill in skills), Fraction(0))
    return _share_mp(met / demand) if demand else None


def _key_person_mp(context: NodeContext, skills: list[Fields], members: int) -> int | None:
    """Share of the demanded skills that two people have; without any, how many people there are decides."""
    if skills:
        safe = sum(skill.required_integer("holders") >= 2 for skill in skills)
        return round_mp(FULL_MP * safe, len(skills))
    if not members:
        return None
    return context.policy.single_person_mp if members == 1 else FULL_MP


def _staffing_mp(team: Fields) -> int | None:
    planned = team.number("planned_fte")
    if planned is None or not planned[0]:
        return None
    return _share_mp(Fraction(*team.required_number("filled_fte")) / Fraction(*planned))


def _amount(fields: Fields, key: str) -> Fraction:
    amount = Fraction(*fields.required_number(key))
    if amount < 0:
        raise fields.refuse(key, "must not be negative")
    return amount


def _share_mp(share: Fraction) -> int:
    return round_mp(FULL_MP * share.numerator, share.denominator)
