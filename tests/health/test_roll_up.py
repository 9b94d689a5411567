"""Policy default-2: a portfolio is one fold over the leaves below it, however they are grouped."""

import json
import random
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.health import Evaluation, InputError, evaluate, fingerprint, input_document, lifts, load_policy
from portfolio.health.aggregation.digest import Digest
from tests.health.nodes import AS_OF, results
from tests.health.test_properties import exact_fold

POLICY = load_policy("default-2")
OFTEN = settings(max_examples=400, deadline=None)

LEAVES = st.lists(
    st.fixed_dictionaries(
        {"kind": st.sampled_from(["product", "product", "initiative"]), "result": results()},
        optional={"importance": st.integers(1, 1000)},
    ),
    max_size=12,
)


def leaf(name: str, score: int, kind: str = "product", **facts: Any) -> dict[str, Any]:
    values = {"score_mp": score, "low_mp": score, "high_mp": score, "coverage_mp": 100_000, "confidence_mp": 100_000}
    return {"id": name, "kind": kind, "result": values, **facts}


def portfolio(name: str, *children: dict[str, Any], **facts: Any) -> dict[str, Any]:
    return {"id": name, "kind": "portfolio", "children": list(children), **facts}


def score(node: dict[str, Any]) -> Evaluation:
    return evaluate(node, AS_OF, POLICY, None)


def stored(node: dict[str, Any]) -> dict[str, Any]:
    """The child as its parent reads it: by the digest that was stored, through JSON."""
    digest = score(node).digest
    assert digest is not None
    kept = {key: value for key, value in node.items() if key in ("id", "kind", "status", "importance")}
    return {**kept, "digest": json.loads(json.dumps(digest.document()))}


def grouped(children: list[dict[str, Any]], rng: random.Random, depth: int = 0) -> list[dict[str, Any]]:
    """The same leaves, some of them moved into folders, folders in folders."""
    kept: list[dict[str, Any]] = []
    folders: list[list[dict[str, Any]]] = [[] for _ in range(rng.randint(0, 3))]
    for child in children:
        rng.choice([kept, *folders]).append(child)
    for index, inside in enumerate(folders):
        name = f"folder-{depth}-{index}-{rng.random()}"
        folder = portfolio(name, *(grouped(inside, rng, depth + 1) if depth < 3 else inside))
        kept.append(stored(folder) if rng.random() < 0.7 else folder)
    rng.shuffle(kept)
    return kept


def whole(result: Evaluation) -> tuple[object, ...]:
    values = (result.score_mp, result.provisional_mp, result.low_mp, result.high_mp)
    return *values, result.coverage_mp, result.confidence_mp, result.band, result.digest


@OFTEN
@given(LEAVES, st.randoms(use_true_random=False))
def test_regrouping_products_changes_nothing(facts: list[dict[str, Any]], rng: random.Random):
    children = [{"id": f"n{index}", **child} for index, child in enumerate(facts)]
    flat, deep = portfolio("root", *children), portfolio("root", *grouped(children, rng))
    assert whole(score(flat)) == whole(score(deep))
    costs = [mp for _, mp in score(deep).drivers]
    assert not costs or sum(costs) == 100_000 - (score(deep).provisional_mp or 0)


@OFTEN
@given(LEAVES, st.lists(st.integers(1, 1000), min_size=2, max_size=4))
def test_importance_of_folders_multiplies_on_the_way_down(facts: list[dict[str, Any]], importances: list[int]):
    children = [{"id": f"n{index}", **child} for index, child in enumerate(facts)]
    inside, beside = children[::2], children[1::2]
    folder = portfolio("inner", *inside)
    for index, importance in enumerate(importances):
        folder = portfolio(f"f{index}", stored({**folder, "importance": importance}))
    deep = score(portfolio("root", *beside, stored(folder)))
    share = Fraction(1)
    for importance in importances:
        share *= Fraction(importance, 100)
    weighed = [(child, share) for child in inside] + [(child, Fraction(1)) for child in beside]
    usual = {"product": 100, "initiative": 10}
    pairs = [
        (
            child["result"]["score_mp"],
            int(child.get("importance", usual[child["kind"]]) * factor * 100 ** len(importances)),
        )
        for child, factor in weighed
        if child["result"]["score_mp"] is not None
    ]
    assert deep.provisional_mp == (round_half_up(exact_fold(pairs, POLICY.fold_rules["rollup"])) if pairs else None)


def round_half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


@OFTEN
@given(LEAVES, st.randoms(use_true_random=False))
def test_what_a_folder_costs_is_the_sum_over_its_leaves(facts: list[dict[str, Any]], rng: random.Random):
    children = [{"id": f"n{index}", **child} for index, child in enumerate(facts)]
    rng.shuffle(children)
    inside, beside = children[:4], children[4:]
    flat = score(portfolio("root", *children))
    deep = score(portfolio("root", *beside, stored(portfolio("folder", *inside))))
    costs = dict(flat.drivers)
    below = sum(costs.get(f"CHILDREN/node:{child['id']}", 0) for child in inside)
    # Each of the rows is rounded for itself, by less than one millipoint.
    assert abs(dict(deep.drivers).get("CHILDREN/node:folder", 0) - below) <= len(inside) + 1


@OFTEN
@given(LEAVES, st.randoms(use_true_random=False))
def test_a_stored_portfolio_of_folders_replays(facts: list[dict[str, Any]], rng: random.Random):
    children = [{"id": f"n{index}", **child} for index, child in enumerate(facts)]
    node = portfolio("root", *grouped(children, rng))
    document = json.loads(json.dumps(input_document(node, AS_OF)))
    assert whole(score(document)) == whole(score(node))
    assert input_document(document, AS_OF) == document
    assert fingerprint(document, AS_OF, POLICY.version, None) == fingerprint(
        input_document(node, AS_OF), AS_OF, POLICY.version, None
    )


def test_a_portfolio_of_ten_weighs_ten_and_an_experiment_a_tenth():
    ten = portfolio("ten", *(leaf(f"p{index}", 60_000) for index in range(10)))
    root = portfolio("root", stored(ten), leaf("a", 90_000), leaf("trial", 0, kind="initiative"))
    # Weights 1000 of 60, 100 of 90, 10 of 0: mean 69000000/1110; the weakest fifth is 222: 10 of 0 and 212 of 60.
    mean, weakest = Fraction(60_000 * 1000 + 90_000 * 100, 1110), Fraction(212 * 60_000, 222)
    assert score(root).score_mp == round_half_up(mean * 7 / 10 + weakest * 3 / 10)


def test_own_kpis_of_a_sub_portfolio_are_one_leaf_more_with_their_share():
    measurements = [{"on": "2026-11-20", "value": "50"}]
    kpi = {"id": "k", "direction": "HIGHER", "target": "100", "red_at": "40", "measurements": measurements}
    below = portfolio("below", leaf("p", 80_000), kpis=[kpi])
    # OUTCOMES has 10 beside CHILDREN's 80: an eighth of the product's weight stands at 50, handed up in eighths.
    digest = score(below).digest
    assert digest == Digest(
        2,
        ((50_000, 25), (80_000, 200)),
        ((50_000, 25), (80_000, 200)),
        ((50_000, 25), (80_000, 200)),
        22_500_000,
        22_500_000,
    )


def test_a_cap_of_a_sub_portfolio_limits_its_own_leaf_not_its_products():
    risk = {
        "risks": [{"probability": 4, "impact": 5}],
        "register_reviewed_on": str(AS_OF),
        "ai_act_class": "PROHIBITED",
    }
    below = portfolio("below", leaf("p", 80_000), risk=risk)
    digest = score(below).digest
    assert digest is not None
    assert [mp for mp, _ in digest.scores] == [19_000, 80_000]


def test_lifting_a_folder_lifts_all_its_leaves():
    root = portfolio("root", stored(portfolio("f", leaf("a", 10_000), leaf("b", 50_000))), leaf("c", 60_000))
    assert lifts(root, AS_OF, POLICY)[0] == (
        "CHILDREN/node:f",
        (score(portfolio("root", leaf("a", 100_000), leaf("b", 100_000), leaf("c", 60_000))).score_mp or 0)
        - (score(root).score_mp or 0),
    )


def test_an_empty_folder_and_an_archived_one_weigh_nothing():
    root = portfolio("root", leaf("a", 70_000))
    empty = portfolio("root", leaf("a", 70_000), stored(portfolio("empty")))
    assert whole(score(root)) == whole(score(empty))
    gone = score(portfolio("root", leaf("a", 70_000), {**stored(portfolio("f", leaf("b", 0))), "status": "COMPLETED"}))
    assert gone.score_mp == 70_000
    assert gone.excluded_children == {"COMPLETED": 1}


def test_a_portfolio_child_without_its_leaves_is_refused_with_the_fix():
    root = portfolio("root", leaf("f", 70_000, kind="portfolio"))
    with pytest.raises(InputError, match="policy default-2 folds the leaves below a portfolio") as refusal:
        score(root)
    assert refusal.value.path == "children[0].digest"


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"per": 0}, "per"),
        ({"scores": [[70_000, 200]]}, "highs"),
        ({"lows": [[70_000, 50], [70_000, 50]]}, "lows"),
        ({"highs": [[100_001, 100]]}, "highs"),
        ({"highs": [[70_000, True]]}, "highs"),
        ({"highs": [[70_000]]}, "highs"),
        ({"covered": 10_000_001}, "covered"),
        ({"confident": 10_000_001}, "covered"),
    ],
)
def test_a_digest_that_no_leaves_can_have_is_refused(wrong: dict[str, Any], place: str):
    rows = [[70_000, 100]]
    digest = {"per": 1, "scores": rows, "lows": rows, "highs": rows, "covered": 10_000_000, "confident": 10_000_000}
    child = {"id": "f", "kind": "portfolio", "digest": digest}
    assert score(portfolio("root", child)).score_mp == 70_000
    with pytest.raises(InputError) as refusal:
        score(portfolio("root", {**child, "digest": {**digest, **wrong}}))
    assert refusal.value.path == f"children[0].digest.{place}"


def test_the_older_policies_read_the_same_children_level_by_level():
    root = portfolio(
        "root", {**leaf("f", 40_000, kind="portfolio"), "importance": 100}, leaf("a", 80_000, importance=100)
    )
    older = load_policy("default-1")
    assert evaluate(root, date(2026, 11, 22), older, None).digest is None
    assert evaluate(root, date(2026, 11, 22), older, None).score_mp == 54_000
