"""Caps: facts that limit a node's score however good the rest is."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from portfolio.health.aggregation.tree import Leaf
from portfolio.health.arithmetic import FULL_MP, round_quotient
from portfolio.health.fields import Fields
from portfolio.health.indicators.ai_model import is_open
from portfolio.health.indicators.context import NodeContext
from portfolio.health.indicators.risk import ai_act_class, is_overdue, severity
from portfolio.health.policy.document import CriticalCap

SEVERE_RISK = 16
"""Probability times impact from which an open risk without mitigation caps."""


class FixedCap(NamedTuple):
    """A fact with a limit of its own, such as an initiative past its due date."""

    key: str
    cap_mp: int


class CriticalKpi(NamedTuple):
    """A critical KPI's leaf; its cap follows the leaf's score."""

    key: str
    leaf: Leaf


class Caps(NamedTuple):
    fixed: Sequence[FixedCap] = ()
    critical: Sequence[CriticalKpi] = ()


def critical_cap_mp(score_mp: int | None, rule: CriticalCap) -> int:
    """Continuous, so that it adds no cliff; an unknown score sets no cap."""
    if score_mp is None or score_mp >= rule.free_mp:
        return FULL_MP
    if score_mp <= rule.at_mp:
        return rule.cap_mp
    rise = (score_mp - rule.at_mp) * (FULL_MP - rule.cap_mp)
    return rule.cap_mp + round_quotient(rise, rule.free_mp - rule.at_mp)


def fixed_caps(context: NodeContext) -> list[FixedCap]:
    """Facts are read from the node's own data, whatever its kind."""
    return [*_overdue(context), *_open_sev1(context), *_risks(context)]


def _open_sev1(context: NodeContext) -> list[FixedCap]:
    cap_mp = context.policy.fixed_caps.open_sev1_mp
    return [
        FixedCap(f"cap:open_sev1:{model.text('id')}", cap_mp)
        for model in context.node.unique_items("models")
        if any(
            incident.text("severity") == "SEV1" and is_open(context, incident) for incident in model.items("incidents")
        )
    ]


def _risks(context: NodeContext) -> list[FixedCap]:
    risk, limits = context.node.section("risk"), context.policy.fixed_caps
    if risk is None:
        return []
    found, name = list[FixedCap](), ai_act_class(risk)
    if any(_is_severe(each) for each in risk.items("risks")):
        found.append(FixedCap("cap:unmitigated_critical_risk", limits.unmitigated_risk_mp))
    if name == "HIGH" and any(is_overdue(context, review) for review in risk.items("reviews")):
        found.append(FixedCap("cap:high_risk_review_overdue", limits.overdue_review_mp))
    if name == "PROHIBITED":
        found.append(FixedCap("cap:prohibited", limits.prohibited_mp))
    return found


def _is_severe(risk: Fields) -> bool:
    return risk.flag("open", True) and not risk.flag("mitigated") and severity(risk) >= SEVERE_RISK


def _overdue(context: NodeContext) -> list[FixedCap]:
    due = context.node.day("due_on")
    if context.kind != "initiative" or due is None:
        return []
    cap, long_after, long_cap = context.policy.overdue_caps
    context.changes_on(due + 1)
    context.changes_on(due + long_after + 1)
    late = context.as_of - due
    if late <= 0:
        return []
    return [FixedCap("cap:overdue", long_cap if late > long_after else cap)]


def point_caps(caps: Caps, rule: CriticalCap, replaced: Mapping[str, Leaf]) -> list[tuple[int, str]]:
    """Cap and key of all caps on the score, with other leaves at the paths in `replaced`."""
    found = [(cap.cap_mp, cap.key) for cap in caps.fixed]
    for key, leaf in caps.critical:
        found.append((critical_cap_mp(replaced.get(leaf.path, leaf).effective_mp, rule), key))
    return found


def capped_range(low_mp: int, high_mp: int, caps: Caps, rule: CriticalCap) -> tuple[int, int]:
    """Both ends under the caps computed from their own side's scores."""
    for cap in caps.fixed:
        low_mp, high_mp = min(low_mp, cap.cap_mp), min(high_mp, cap.cap_mp)
    for _, leaf in caps.critical:
        low_mp = min(low_mp, critical_cap_mp(leaf.low_mp, rule))
        high_mp = min(high_mp, critical_cap_mp(leaf.high_mp, rule))
    return low_mp, high_mp


def listed_caps(caps: Caps, rule: CriticalCap) -> list[tuple[str, int]]:
    """By key, binding or not; without those that limit neither the score nor its range."""
    rows = [(cap.key, cap.cap_mp) for cap in caps.fixed]
    for key, leaf in caps.critical:
        scores = (leaf.effective_mp, leaf.low_mp, leaf.high_mp)
        limits = [critical_cap_mp(score, rule) for score in scores]
        if min(limits) < FULL_MP:
            rows.append((key, limits[0]))
    return sorted(rows)


def lowest_hard_cap_mp(caps: Caps, rule: CriticalCap) -> int:
    """The lowest cap that also limits the band; a critical KPI above red limits the number only."""
    limits = [cap.cap_mp for cap in caps.fixed]
    limits += [limit for _, leaf in caps.critical if (limit := critical_cap_mp(leaf.effective_mp, rule)) <= rule.cap_mp]
    return min(limits, default=FULL_MP)
