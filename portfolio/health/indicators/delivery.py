"""DELIVERY of an initiative: SCHEDULE, FORECAST, MILESTONES and FLOW (method, section 4.1)."""

from portfolio.health.aggregation.tree import Fact, Leaf, Part, Place, Reasons, measured_leaf, missing_leaf
from portfolio.health.arithmetic import FULL_MP, Ratio, ratio_text, round_mp, round_quotient
from portfolio.health.calendar_days import to_date
from portfolio.health.fields import Fields
from portfolio.health.indicators.context import NodeContext
from portfolio.health.policy.document import SmallNumbers
from portfolio.health.policy.freshness import FRESH, freshness, next_fading_day
from portfolio.health.statistics.finish_probability import finish_probability, is_affordable

DIMENSION = "DELIVERY"

_REASONS = {
    "SCHEDULE": Reasons("SCHEDULE_SLIP"),
    "FORECAST": Reasons("LATE_FINISH_LIKELY"),
    "MILESTONES": Reasons("MILESTONES_MISSED"),
    "FLOW": Reasons("BLOCKED_WORK"),
}
_CADENCES = {"SCHEDULE": "schedule", "FORECAST": "schedule", "FLOW": "flow"}


def delivery_components(context: NodeContext) -> list[Part]:
    """SCHEDULE and FORECAST are missing without data; MILESTONES and FLOW are absent."""
    delivery = context.node.section("delivery")
    if delivery is None:
        return []
    start, due = context.node.day("start_on"), context.node.day("due_on")
    scores = {
        "SCHEDULE": _schedule_mp(context, delivery, start, due),
        "FORECAST": _forecast_mp(context, delivery, due),
    }
    known = _known_share(context.policy.small_numbers, delivery)
    parts: list[Part] = [_snapshot_leaf(context, delivery, name, score, known) for name, score in scores.items()]
    milestones = _milestones_mp(context, delivery)
    if milestones is not None:
        place, fact = _place(context, "MILESTONES"), Fact(milestones, FRESH)
        parts.append(measured_leaf(place, fact, _REASONS["MILESTONES"], context.policy))
    flow = _flow_mp(delivery)
    if flow is not None:
        parts.append(_snapshot_leaf(context, delivery, "FLOW", flow))
    return parts


def _place(context: NodeContext, name: str) -> Place:
    return Place(DIMENSION, name, context.policy.component_weights[DIMENSION].get(name, 0))


def _snapshot_leaf(context: NodeContext, delivery: Fields, name: str, raw_mp: int | None, known: Ratio = FRESH) -> Leaf:
    """A component that ages with the progress snapshot it was taken from."""
    place = _place(context, name)
    if raw_mp is None:
        return missing_leaf(place)
    policy, as_of = context.policy, context.as_of
    observed, cadence = delivery.day("observed_on"), policy.cadence_days[_CADENCES[name]]
    context.changes_on(next_fading_day(observed, as_of, cadence, policy.staleness))
    fresh = freshness(observed, as_of, cadence, policy.staleness)
    return measured_leaf(place, Fact(raw_mp, fresh, to_date(observed), known), _REASONS[name], policy)


def _schedule_mp(context: NodeContext, delivery: Fields, start: int | None, due: int | None) -> int | None:
    done = _done_share(delivery, None)
    if done is None or start is None or due is None or due <= start:
        return None
    gone, length = max(0, context.as_of - start), due - start
    context.spi_t = ratio_text((done[0] * length, done[1] * gone)) if gone else None
    context.changes_on(context.as_of + 1)
    done = _done_share(delivery, context.policy.small_numbers) or done
    damping, scale = context.policy.schedule_damping
    reached = (done[0] * scale + damping * done[1]) * length
    expected = (gone * scale + damping * length) * done[1]
    if not expected:
        return FULL_MP
    return round_mp(2 * FULL_MP * reached - FULL_MP * expected, expected)


def _items(delivery: Fields) -> Ratio:
    """How many items the scope is made of; without a count of items each unit of scope is one."""
    total = delivery.integer("total_items")
    return (total, 1) if total else delivery.number("total_scope") or (0, 1)


def _known_share(rule: SmallNumbers | None, delivery: Fields) -> Ratio:
    """Few items are not a line: how much is known of an initiative grows with their number."""
    if rule is None:
        return FRESH
    items, scale = _items(delivery)
    return min(max(items, 0), rule.full_items * scale), rule.full_items * scale


def _done_share(delivery: Fields, rule: SmallNumbers | None) -> Ratio | None:
    """Done of total scope, 0..1, under the rule with its grace; None without a total."""
    total = delivery.number("total_scope")
    if total is None or not total[0]:
        return None
    if total[0] < 0:
        raise delivery.refuse("total_scope", "must not be negative")
    done = delivery.required_number("done_scope")
    numerator, denominator = done[0] * total[1], done[1] * total[0]
    items = _items(delivery)
    if rule is not None and items[0] > 0:
        grace = rule.grace_items[0] * items[1], rule.grace_items[1] * items[0]
        numerator, denominator = numerator * grace[1] + grace[0] * denominator, denominator * grace[1]
    return min(max(numerator, 0), denominator), denominator


def _forecast_mp(context: NodeContext, delivery: Fields, due: int | None) -> int | None:
    total = delivery.integer("total_items")
    remaining = None if total is None else total - delivery.required_integer("done_items")
    fewest, most = context.policy.forecast_weeks
    samples = _throughput(delivery)[-most:]
    is_empty = context.policy.small_numbers is not None and not total
    if remaining is None or due is None or len(samples) < fewest or is_empty:
        return None
    weeks = (2 * (due - context.as_of) + 7) // 14
    if not is_affordable(remaining, samples, weeks):
        context.changes_on(context.as_of + 1)
        return None
    if remaining > 0 and weeks > 0:
        context.changes_on(context.as_of + 1)
    probability, outcomes = finish_probability(remaining, samples, weeks)
    context.finish_probability_mp = round_mp(FULL_MP * probability, outcomes)
    full, scale = context.policy.full_score_probability
    return min(FULL_MP, round_quotient(FULL_MP * probability * scale, outcomes * full))


def _throughput(delivery: Fields) -> list[int]:
    """Items finished per completed week, oldest first."""
    samples: list[int] = []
    for index, value in enumerate(delivery.sequence("weekly_throughput")):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise delivery.refuse(f"weekly_throughput[{index}]", "must be an integer, at least 0")
        samples.append(value)
    return samples


def _milestones_mp(context: NodeContext, delivery: Fields) -> int | None:
    """The mean over the milestones due: on time 1, late the policy's credit, open 0."""
    late_credit, scale = context.policy.late_milestone_credit
    points = due_count = 0
    for milestone in delivery.items("milestones"):
        due, done = milestone.required_day("due_on"), milestone.day("done_on")
        if milestone.flag("cancelled"):
            continue
        context.changes_on(due)
        context.changes_on(done)
        if due > context.as_of:
            continue
        due_count += 1
        if done is not None and done <= context.as_of:
            points += scale if done <= due else late_credit
    return round_mp(FULL_MP * points, due_count * scale) if due_count else None


def _flow_mp(delivery: Fields) -> int | None:
    """Twice the share of work in progress that is blocked is lost; None without any work."""
    in_progress, blocked = delivery.integer("wip"), delivery.integer("blocked") or 0
    if not in_progress:
        return None
    return round_mp(FULL_MP * max(0, in_progress - 2 * blocked), in_progress)
