"""What must hold for every node, whatever its facts (method, section 11)."""

import random
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portfolio.health import (
    Evaluation,
    NodeState,
    Policy,
    canonical_json,
    evaluate,
    explain_change,
    fingerprint,
    input_document,
    lifts,
    load_policy,
)
from portfolio.health.aggregation.fold import contributions, effective_weights, fold
from portfolio.health.aggregation.tree import Fact, Group, Place, Reasons, group, measured_leaf
from portfolio.health.fields import Fields
from portfolio.health.indicators.kpi import score_kpi
from portfolio.health.policy.band import BANDS as BAND_NAMES
from portfolio.health.policy.document import FoldRule
from tests.health.nodes import AS_OF, BANDS, KPI_FACTS, NUMBERS, SCORES, nodes

POLICY = load_policy("default-1")
# Reported status counts in hp-1 alone; the shipped policies give it no weight.
POLICIES = st.sampled_from(
    [load_policy(version).patched({"dimension_weights.*.STAKEHOLDER": 5}) for version in ("default-1", "default-2")]
)
KINDS = ["product", "initiative", "portfolio"]
RULES = [
    FoldRule((3, 10), (1, 4)),
    FoldRule((3, 10), (1, 5)),
    FoldRule((0, 1), (1, 1)),
    FoldRule((1, 3), (2, 7)),
]
GROUPS = st.lists(st.tuples(SCORES, st.integers(1, 1000)), min_size=1, max_size=12)
OFTEN = settings(max_examples=400, deadline=None)


def exact_fold(scored: list[tuple[int, int]], rule: FoldRule) -> Fraction:
    """The definition in fractions: mean and mean of the weakest part, mixed."""
    tail, reach = Fraction(*rule.tail), Fraction(*rule.reach)
    total = sum(weight for _, weight in scored)
    left, weakest = reach * total, Fraction(0)
    for score, weight in sorted(scored):
        taken = min(left, weight)
        weakest += score * taken
        left -= taken
    mean = Fraction(sum(score * weight for score, weight in scored), total)
    return (1 - tail) * mean + tail * weakest / (reach * total)


@OFTEN
@given(GROUPS, st.sampled_from(RULES))
def test_the_integer_fold_is_the_exact_fold_rounded_half_up(scored: list[tuple[int, int]], rule: FoldRule):
    exact = exact_fold(scored, rule)
    assert fold(scored, rule) == (2 * exact.numerator + exact.denominator) // (2 * exact.denominator)
    weights, denominator = effective_weights(scored, rule)
    assert sum(weights) == denominator
    shares = zip(weights, scored, strict=True)
    assert Fraction(sum(weight * score for weight, (score, _) in shares), denominator) == exact


@OFTEN
@given(GROUPS, st.sampled_from(RULES), st.integers(2, 5))
def test_a_group_lies_between_its_children_and_knows_neither_scale_nor_copies(
    scored: list[tuple[int, int]], rule: FoldRule, factor: int
):
    score = fold(scored, rule)
    assert min(scored)[0] <= score <= max(scored)[0]
    assert fold([(mp, weight * factor) for mp, weight in scored], rule) == score
    assert fold(scored * factor, rule) == score
    costs = contributions(scored, rule, [str(index) for index in range(len(scored))], score)
    assert sum(costs) == 100_000 - score
    assert min(costs) >= 0


FACTS = st.lists(st.tuples(SCORES, st.integers(0, 60), st.integers(1, 1000)), min_size=1, max_size=8)


@OFTEN
@given(FACTS, st.sampled_from(RULES), st.data())
def test_a_better_or_fresher_leaf_never_makes_its_group_worse(
    facts: list[tuple[int, int, int]], rule: FoldRule, data: st.DataObject
):
    index = data.draw(st.integers(0, len(facts) - 1))
    raw, fresh, weight = facts[index]
    before = folded(facts, rule)
    better = folded(_other(facts, index, (data.draw(st.integers(raw, 100_000)), fresh, weight)), rule)
    fresher = folded(_other(facts, index, (raw, data.draw(st.integers(fresh, 60)), weight)), rule)
    assert before.score_mp is not None
    assert better.score_mp is not None
    assert fresher.score_mp is not None
    assert before.score_mp <= better.score_mp
    assert before.low_mp <= better.low_mp
    assert before.high_mp <= better.high_mp
    assert before.score_mp <= fresher.score_mp
    assert before.low_mp <= fresher.low_mp
    assert before.high_mp >= fresher.high_mp
    assert before.confidence_mp <= fresher.confidence_mp


def folded(facts: list[tuple[int, int, int]], rule: FoldRule) -> Group:
    """Leaves of (raw score, freshness in sixtieths, weight) as one group."""
    leaves = [
        measured_leaf(Place("", str(index), weight), Fact(raw, (fresh, 60)), Reasons("X"), POLICY)
        for index, (raw, fresh, weight) in enumerate(facts)
    ]
    return group(Place("", "", 1), rule, leaves)


def _other(facts: list[tuple[int, int, int]], index: int, fact: tuple[int, int, int]) -> list[tuple[int, int, int]]:
    return [*facts[:index], fact, *facts[index + 1 :]]


@OFTEN
@given(GROUPS, st.sampled_from(RULES))
def test_the_weakest_part_only_ever_takes_away(scored: list[tuple[int, int]], rule: FoldRule):
    total = sum(weight for _, weight in scored)
    assert fold(scored, rule) <= -(-sum(score * weight for score, weight in scored) // total)


@OFTEN
@given(KPI_FACTS, NUMBERS, NUMBERS, st.integers(1, 50))
def test_a_kpi_is_monotone_in_its_value_in_every_mode(facts: dict[str, Any], first: str, second: str, width: int):
    low, high = sorted([Fraction(first), Fraction(second)])
    facts = {**facts, "range_low": "-10", "range_high": str(width)}

    def raw_mp(value: Fraction) -> int | None:
        kpi = {**facts, "measurements": [{"on": str(AS_OF), "value": str(value)}]}
        return score_kpi(Fields(kpi), AS_OF.toordinal(), POLICY).raw_mp

    worse, better = raw_mp(low), raw_mp(high)
    assume(worse is not None)
    assert worse is not None
    assert better is not None
    if facts["direction"] == "LOWER":
        assert worse >= better
    elif facts["direction"] == "HIGHER":
        assert worse <= better
    elif low >= -10:
        assert worse >= better
    elif high <= width:
        assert worse <= better


@OFTEN
@given(nodes(), BANDS, POLICIES)
def test_the_score_lies_in_its_range_and_its_causes_add_up(node: dict[str, Any], previous: str | None, policy: Policy):
    result = evaluate(node, AS_OF, policy, previous)
    assert 0 <= result.low_mp <= result.high_mp <= 100_000
    assert 0 <= result.confidence_mp <= result.coverage_mp <= 100_000
    if result.provisional_mp is None:
        assert result.contributions == result.drivers == ()
        return
    # A child without a score still has a range, and that may lie beside its siblings' scores.
    if all(child["result"]["score_mp"] is not None for child in _children(node)):
        assert result.low_mp <= result.provisional_mp <= result.high_mp
    assert sum(mp for _, mp in result.contributions) == 100_000 - result.provisional_mp
    assert sum(mp for _, mp in result.drivers) == 100_000 - result.provisional_mp


@OFTEN
@given(nodes(), st.randoms(use_true_random=False), POLICIES)
def test_the_order_of_facts_changes_nothing(node: dict[str, Any], rng: random.Random, policy: Policy):
    shuffled = {key: rng.sample(value, len(value)) if isinstance(value, list) else value for key, value in node.items()}
    ours, theirs = (evaluate(each, AS_OF, policy, None) for each in (node, shuffled))
    assert replace(ours, leaves=()) == replace(theirs, leaves=())
    assert sorted(ours.leaves, key=str) == sorted(theirs.leaves, key=str)
    assert input_document(node, AS_OF) == input_document(shuffled, AS_OF)


@pytest.mark.parametrize("kind", KINDS)
@OFTEN
@given(st.data(), st.integers(1, 400), POLICIES)
def test_nothing_changes_before_the_day_announced(kind: str, data: st.DataObject, ahead: int, policy: Policy):
    node = data.draw(nodes(kind))
    today = evaluate(node, AS_OF, policy, None)
    announced = today.next_change_on
    later = AS_OF + timedelta(days=ahead)
    last_quiet_day = later if announced is None else announced - timedelta(days=1)
    assert last_quiet_day >= AS_OF
    for day in {last_quiet_day, min(later, last_quiet_day)}:
        assert evaluate(node, day, policy, None) == today


@OFTEN
@given(nodes(), BANDS, st.integers(-30, 30), POLICIES)
def test_a_stored_input_document_replays_the_result(
    node: dict[str, Any], previous: str | None, days: int, policy: Policy
):
    result = evaluate(node, AS_OF, policy, previous)
    document = input_document(node, AS_OF)
    assert _in_order(evaluate(document, AS_OF, policy, previous)) == _in_order(result)
    assert input_document(document, AS_OF) == document
    assert len(fingerprint(document, AS_OF, policy.version, previous)) == 32
    whole, other_day = input_document(node), AS_OF + timedelta(days=days)
    assert _in_order(evaluate(whole, other_day, policy, previous)) == _in_order(
        evaluate(node, other_day, policy, previous)
    )
    assert canonical_json(whole) == canonical_json(input_document(whole))


@OFTEN
@given(st.data(), nodes(), POLICIES)
def test_a_better_measurement_never_lowers_the_score_or_its_range(
    data: st.DataObject, node: dict[str, Any], policy: Policy
):
    better = [_improved(data, kpi) for kpi in node["kpis"]]
    before = evaluate(node, AS_OF, policy, None)
    after = evaluate({**node, "kpis": better}, AS_OF, policy, None)
    assert after.low_mp >= before.low_mp
    assert after.high_mp >= before.high_mp
    if "UNKNOWN" not in (before.band, after.band):
        assert BAND_NAMES.index(after.band) >= BAND_NAMES.index(before.band)
    if before.provisional_mp is not None:
        assert after.provisional_mp is not None
        assert after.provisional_mp >= before.provisional_mp


@OFTEN
@given(nodes(), st.integers(0, 300), POLICIES)
def test_time_alone_never_improves_a_measured_kpi(node: dict[str, Any], ahead: int, policy: Policy):
    kpis = [
        {key: value for key, value in kpi.items() if key != "waived_until"}
        | {"measurements": [row for row in kpi["measurements"] if row["on"] <= str(AS_OF)]}
        for kpi in node["kpis"]
    ]
    # A start in the future would leave out the leaves that are compared here.
    node = {"id": "n", "kind": node["kind"], "kpis": kpis}
    leaves = {leaf.path: leaf for leaf in evaluate(node, AS_OF, policy, None).leaves}
    later = evaluate(node, AS_OF + timedelta(days=ahead), policy, None)
    for leaf in later.leaves:
        before = leaves[leaf.path].effective_mp
        if before is not None:
            assert leaf.effective_mp is not None
            assert leaf.effective_mp <= before


@OFTEN
@given(nodes(), POLICIES)
def test_a_lift_is_a_gain_within_what_is_missing(node: dict[str, Any], policy: Policy):
    provisional = evaluate(node, AS_OF, policy, None).provisional_mp
    for _, gain in lifts(node, AS_OF, policy):
        assert provisional is not None
        assert 0 < gain <= 100_000 - provisional


@OFTEN
@given(st.data(), st.sampled_from(KINDS), POLICIES)
def test_the_rows_of_a_change_sum_to_the_move(data: st.DataObject, kind: str, policy: Policy):
    old, new = data.draw(nodes(kind)), data.draw(nodes(kind))
    before, after = NodeState(old, AS_OF - timedelta(days=9), policy), NodeState(new, AS_OF, policy)
    change = explain_change(before, after)
    assume(change is not None)
    assert change is not None
    assert sum(mp for _, mp in change.rows) == change.after_mp - change.before_mp
    unchanged = explain_change(after, after)
    assert unchanged is not None
    assert unchanged.rows == []


@pytest.mark.parametrize("previous", ["", "GREEN"])
def test_an_unknown_previous_band_is_refused(previous: str):
    with pytest.raises(ValueError, match="is not a band"):
        evaluate({"id": "n", "kind": "product"}, AS_OF, POLICY, previous)


def _children(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [*node.get("initiatives", ()), *node.get("children", ())]


def _in_order(result: Evaluation) -> Evaluation:
    """Without the order of leaves, which is that of the facts."""
    return replace(result, leaves=tuple(sorted(result.leaves, key=str)))


def _improved(data: st.DataObject, kpi: dict[str, Any]) -> dict[str, Any]:
    """The same KPI with each value moved in its good direction by some amount."""
    if kpi["direction"] == "RANGE":
        return kpi
    sign = 1 if kpi["direction"] == "HIGHER" else -1
    step = sign * abs(Fraction(data.draw(NUMBERS)))
    rows = [{**row, "value": str(Fraction(row["value"]) + step)} for row in kpi["measurements"]]
    return {**kpi, "measurements": rows}
