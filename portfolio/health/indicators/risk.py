"""RISK of a node: OPEN_RISKS, REVIEWS and COMPLIANCE (method, section 4.5)."""

from portfolio.health.aggregation.tree import Fact, Part, Place, Reasons, measured_leaf, missing_leaf
from portfolio.health.arithmetic import FULL_MP, round_mp
from portfolio.health.calendar_days import to_date
from portfolio.health.fields import Fields
from portfolio.health.indicators.context import NodeContext
from portfolio.health.policy.document import Policy
from portfolio.health.policy.freshness import FRESH, freshness, next_fading_day

CLASSES = frozenset({"PROHIBITED", "HIGH", "LIMITED", "MINIMAL", "UNCLASSIFIED"})

_DIMENSION = "RISK"


def risk_components(context: NodeContext) -> list[Part]:
    """OPEN_RISKS and COMPLIANCE are missing without data; REVIEWS is absent."""
    risk = context.node.section("risk")
    if risk is None:
        return []
    parts = [_open_risks(context, risk)]
    reviews = _reviews_mp(context, risk)
    if reviews is not None:
        parts.append(_measured(context, "REVIEWS", Fact(reviews, FRESH), "REVIEWS_OVERDUE"))
    compliance = _compliance_mp(context.policy, risk)
    if compliance is None:
        return [*parts, missing_leaf(_place(context, "COMPLIANCE"))]
    return [*parts, _measured(context, "COMPLIANCE", Fact(compliance, FRESH), "COMPLIANCE_GAP")]


def ai_act_class(risk: Fields) -> str | None:
    return None if risk.values.get("ai_act_class") is None else risk.choice("ai_act_class", CLASSES)


def severity(risk: Fields) -> int:
    """Residual probability times impact, 1..25."""
    return risk.required_integer("probability", 1, 5) * risk.required_integer("impact", 1, 5)


def is_overdue(context: NodeContext, review: Fields) -> bool:
    due_on = review.required_day("due_on")
    if review.day("done_on") is not None:
        return False
    context.changes_on(due_on + 1)
    return due_on < context.as_of


def _place(context: NodeContext, name: str) -> Place:
    return Place(_DIMENSION, name, context.policy.component_weights[_DIMENSION].get(name, 0))


def _measured(context: NodeContext, name: str, fact: Fact, reason: str) -> Part:
    return measured_leaf(_place(context, name), fact, Reasons(reason), context.policy)


def _open_risks(context: NodeContext, risk: Fields) -> Part:
    """An empty register that nobody reviewed is missing, not perfect."""
    policy, as_of, cadence = context.policy, context.as_of, context.policy.cadence_days["register"]
    listed, reviewed = list(risk.items("risks")), risk.day("register_reviewed_on")
    if not listed and reviewed is None:
        return missing_leaf(_place(context, "OPEN_RISKS"))
    lost = sum(_points_mp(policy, severity(each)) for each in listed if each.flag("open", True))
    context.changes_on(next_fading_day(reviewed, as_of, cadence, policy.staleness))
    fresh = freshness(reviewed, as_of, cadence, policy.staleness)
    return _measured(context, "OPEN_RISKS", Fact(max(0, FULL_MP - lost), fresh, to_date(reviewed)), "OPEN_RISKS")


def _points_mp(policy: Policy, severity: int) -> int:
    return next((points for edge, points in policy.risk_points_mp if severity >= edge), 0)


def _reviews_mp(context: NodeContext, risk: Fields) -> int | None:
    reviews = [is_overdue(context, review) for review in risk.items("reviews")]
    return round_mp(FULL_MP * reviews.count(False), len(reviews)) if reviews else None


def _compliance_mp(policy: Policy, risk: Fields) -> int | None:
    """A high class is not unhealthy as such; unmet duties are."""
    name = ai_act_class(risk)
    if name is None:
        return None
    if name == "PROHIBITED":
        return 0
    if name == "UNCLASSIFIED":
        return policy.unclassified_mp
    required = risk.integer("obligations_required") or 0
    met = min(risk.integer("obligations_met") or 0, required)
    return round_mp(FULL_MP * met, required) if required else FULL_MP
