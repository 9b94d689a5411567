"""What people say: STAKEHOLDER from status updates, FEEDBACK from ratings (method, section 4.6)."""

from portfolio.health.aggregation.tree import Fact, Part, Place, Reasons, measured_leaf, missing_leaf
from portfolio.health.arithmetic import FULL_MP, Ratio, round_mp
from portfolio.health.calendar_days import to_date
from portfolio.health.fields import Fields
from portfolio.health.indicators.context import NodeContext
from portfolio.health.policy.freshness import freshness, next_fading_day

STATUSES = frozenset({"ON_TRACK", "AT_RISK", "OFF_TRACK"})


def latest_statuses(context: NodeContext) -> list[Part]:
    """One leaf an author: the last update by (day, id)."""
    latest: dict[str, tuple[tuple[int, str], str]] = {}
    for update in context.node.items("status_updates"):
        order = update.required_day("on"), update.text("id", "")
        author, status = update.text("author"), update.choice("status", STATUSES)
        context.changes_on(order[0])
        if order[0] <= context.as_of and (author not in latest or order >= latest[author][0]):
            latest[author] = order, status
    return [_status_leaf(context, author, day, status) for author, ((day, _), status) in latest.items()]


def _status_leaf(context: NodeContext, author: str, day: int, status: str) -> Part:
    raw, place = context.policy.status_mp[status], Place("STAKEHOLDER", f"status:{author}", 1)
    return _observed(context, place, raw, day, "STAKEHOLDER_CONCERN")


def ratings(context: NodeContext) -> list[Part]:
    """The mean of ratings 1..5, drawn towards the policy's prior while they are few."""
    feedback = context.node.section("feedback")
    if feedback is None:
        return []
    place = Place("FEEDBACK", "RATINGS", 1)
    count = feedback.integer("count") or 0
    if not count:
        return [missing_leaf(place)]
    raw = _shrunk_mp(context, rating_sum(feedback, count), count)
    return [_observed(context, place, raw, feedback.day("observed_on"), "USER_RATINGS")]


def rating_sum(feedback: Fields, count: int) -> Ratio:
    total = feedback.required_number("sum")
    if not count * total[1] <= total[0] <= 5 * count * total[1]:
        raise feedback.refuse("sum", f"must lie between {count} and {5 * count}: {count} ratings of 1 to 5")
    return total


def _shrunk_mp(context: NodeContext, total: Ratio, count: int) -> int:
    prior_count, (prior, scale) = context.policy.feedback_prior
    given = total[0] * scale + prior_count * prior * total[1]
    most = (count + prior_count) * scale * total[1]
    return round_mp(FULL_MP * (given - most), 4 * most)


def _observed(context: NodeContext, place: Place, raw_mp: int, day: int | None, reason: str) -> Part:
    policy, as_of = context.policy, context.as_of
    cadence = policy.cadence_days["status" if place.parent == "STAKEHOLDER" else "feedback"]
    context.changes_on(next_fading_day(day, as_of, cadence, policy.staleness))
    fresh = freshness(day, as_of, cadence, policy.staleness)
    return measured_leaf(place, Fact(raw_mp, fresh, to_date(day)), Reasons(reason), policy)
