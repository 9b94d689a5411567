"""MODEL of a product: one group an AI model, of EVAL, DRIFT, INCIDENTS and STALENESS (method, section 4.3).

Of `default-2` on, a hosted model ages towards the day on which its provider withdraws it: STALENESS is then the
lower of the two ages. A successor that is deployed takes the withdrawal's place, and it costs nothing.
"""

from collections.abc import Callable

from portfolio.health.aggregation.tree import Fact, Leaf, Part, Place, Reasons, group, measured_leaf, missing_leaf
from portfolio.health.arithmetic import FULL_MP, round_mp
from portfolio.health.calendar_days import to_date
from portfolio.health.fields import Fields
from portfolio.health.indicators.context import NodeContext
from portfolio.health.indicators.kpi import lower_is_better_mp
from portfolio.health.indicators.kpi_leaf import HIGHEST_WEIGHT, kpi_leaf, kpi_weight
from portfolio.health.policy.freshness import FRESH, faded, freshness, next_fading_day

SEVERITIES = frozenset({"SEV1", "SEV2", "SEV3", "SEV4"})

_DIMENSION = "MODEL"


def model_groups(context: NodeContext) -> list[Part]:
    parts: list[Part] = []
    rule = context.policy.fold_rules["components"]
    for model in context.node.unique_items("models"):
        place = Place(_DIMENSION, f"model:{model.text('id')}", model_weight(model))
        if place.weight:
            parts.append(group(place, rule, [build(context, model, place) for build in _COMPONENTS]))
    return parts


def model_weight(model: Fields) -> int:
    weight = model.integer("weight", high=HIGHEST_WEIGHT)
    return 1 if weight is None else weight


def is_open(context: NodeContext, incident: Fields) -> bool:
    """Open from the moment it is known; a closing dated ahead has not happened yet."""
    closed_on = incident.day("closed_on")
    context.changes_on(closed_on)
    return closed_on is None or closed_on > context.as_of


def _place(context: NodeContext, model: Place, name: str) -> Place:
    return Place(model.path, name, context.policy.component_weights[_DIMENSION].get(name, 0))


def _evaluations(context: NodeContext, model: Fields, place: Place) -> Part:
    """Evaluation metrics are KPIs with a cadence of their own; none of them caps."""
    own, leaves = _place(context, place, "EVAL"), list[Leaf]()
    for metric in model.unique_items("evals"):
        at = Place(own.path, f"eval:{metric.text('id')}", kpi_weight(metric))
        if at.weight:
            built = kpi_leaf(metric, at, context.as_of, context.policy, "eval")
            for day in built.change_days:
                context.changes_on(day)
            leaves.append(built.leaf)
    return group(own, context.policy.fold_rules["kpis"], leaves)


def _drift(context: NodeContext, model: Fields, place: Place) -> Part:
    """The worst statistic counts: methods are alternatives for the same thing."""
    policy, as_of, cadence = context.policy, context.as_of, context.policy.cadence_days["drift"]
    worst: tuple[int, int] | None = None
    fact = Fact(0, FRESH)
    for report in model.items("drift"):
        anchors = policy.drift_anchors[report.choice("method", frozenset(policy.drift_anchors))]
        raw, observed = lower_is_better_mp(report.required_number("value"), anchors), report.day("observed_on")
        context.changes_on(next_fading_day(observed, as_of, cadence, policy.staleness))
        fresh = freshness(observed, as_of, cadence, policy.staleness)
        standing = faded(raw, fresh, policy)[0], raw
        if worst is None or standing < worst:
            worst, fact = standing, Fact(raw, fresh, to_date(observed))
    own = _place(context, place, "DRIFT")
    return missing_leaf(own) if worst is None else measured_leaf(own, fact, Reasons("MODEL_DRIFT"), policy)


def _incidents(context: NodeContext, model: Fields, place: Place) -> Part:
    """Open ones cost all their points, those opened lately and closed half; an empty list is data."""
    own, policy = _place(context, place, "INCIDENTS"), context.policy
    if model.values.get("incidents") is None:
        return missing_leaf(own)
    lost = 0
    for incident in model.items("incidents"):
        points = policy.incident_points_mp[incident.choice("severity", SEVERITIES)]
        opened_on = incident.required_day("opened_on")
        context.changes_on(opened_on + policy.incident_window_days + 1)
        if is_open(context, incident):
            lost += points
        elif context.as_of - opened_on <= policy.incident_window_days:
            lost += points // 2
    return measured_leaf(own, Fact(max(0, FULL_MP - lost), FRESH), Reasons("MODEL_INCIDENTS"), policy)


def _staleness(context: NodeContext, model: Fields, place: Place) -> Part:
    own = _place(context, place, "STALENESS")
    ages = [score for score in (_trained_mp(context, model), _retiring_mp(context, model)) if score is not None]
    if not ages:
        return missing_leaf(own)
    return measured_leaf(own, Fact(min(ages), FRESH), Reasons("MODEL_STALE"), context.policy)


def _trained_mp(context: NodeContext, model: Fields) -> int | None:
    """Full up to the greatest age since training, then falling to nothing at twice that."""
    trained_on = model.day("trained_on")
    if trained_on is None:
        return None
    most = model.integer("max_age_days", low=1) or context.policy.model_max_age_days
    age = context.as_of - trained_on
    context.changes_on(trained_on + most + 1)
    if most < age < 2 * most:
        context.changes_on(context.as_of + 1)
    return round_mp(FULL_MP * (2 * most - age), most)


def _retiring_mp(context: NodeContext, model: Fields) -> int | None:
    """Falls to nothing on the day of withdrawal; None without such a day or under a policy without the rule."""
    notice, retires_on = context.policy.retirement_notice_days, model.day("retires_on")
    if notice is None or retires_on is None:
        return None
    if model.flag("successor_deployed"):
        return FULL_MP
    left = retires_on - context.as_of
    context.changes_on(retires_on - notice + 1)
    if 0 < left < notice:
        context.changes_on(context.as_of + 1)
    return round_mp(FULL_MP * left, notice)


_COMPONENTS: tuple[Callable[[NodeContext, Fields, Place], Part], ...] = (_evaluations, _drift, _incidents, _staleness)
