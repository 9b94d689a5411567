"""The children of a node as leaves of its tree: initiatives or products under way."""

from portfolio.health.aggregation.digest import ChildResult, Digest, read_digest
from portfolio.health.aggregation.tree import Leaf, Part, Place, node_leaf
from portfolio.health.arithmetic import FULL_MP
from portfolio.health.fields import Fields
from portfolio.health.indicators.context import NodeContext
from portfolio.health.lifecycle import KINDS, NOT_STARTED, SCORED, lifecycle

HIGHEST_IMPORTANCE = 1000
RESULT_KEYS = ("score_mp", "low_mp", "high_mp", "coverage_mp", "confidence_mp")


def rolled_up_initiatives(context: NodeContext) -> list[Part]:
    return _rolled_up(context, "initiatives", "DELIVERY")


def rolled_up_children(context: NodeContext) -> list[Part]:
    return _rolled_up(context, "children", "CHILDREN")


def importance(child: Fields) -> int | None:
    """None if nobody set one."""
    return child.integer("importance", low=1, high=HIGHEST_IMPORTANCE)


def child_digest(child: Fields) -> Digest | None:
    digest = child.section("digest")
    return None if digest is None else read_digest(digest)


def child_result(child: Fields) -> ChildResult | None:
    """The five stored values; None if the child is sent with its own facts instead."""
    result = child.section("result")
    if result is None:
        return None
    score, *others = [result.integer(key, high=FULL_MP) for key in RESULT_KEYS]
    known = [value for value in others if value is not None]
    if len(known) < len(others):
        raise result.refuse(RESULT_KEYS[1 + others.index(None)], "is missing")
    return ChildResult(score, *known)


def _rolled_up(context: NodeContext, key: str, dimension: str) -> list[Part]:
    """Children that are not under way are left out of the score and counted."""
    parts: list[Part] = []
    usual = context.policy.usual_importance if dimension == "CHILDREN" else None
    for child in context.node.unique_items(key):
        stage = lifecycle(child, context.as_of)
        if stage == NOT_STARTED:
            context.changes_on(child.day("start_on"))
        if stage in SCORED:
            weight = importance(child) or (usual[child.choice("kind", KINDS)] if usual else 1)
            place = Place(dimension, f"node:{child.text('id')}", weight)
            parts.append(_child_leaf(context, child, place, is_flat=usual is not None))
        else:
            context.excluded_children[stage] = context.excluded_children.get(stage, 0) + 1
    return parts


def _child_leaf(context: NodeContext, child: Fields, place: Place, *, is_flat: bool) -> Leaf:
    if is_flat and child.choice("kind", KINDS) == "portfolio":
        return _portfolio_leaf(context, child, place)
    result = child_result(child)
    if result is None:
        result, _, next_day = context.evaluate_child(child, context.as_of, context.policy)
        context.changes_on(next_day)
    return node_leaf(place, result)


def _portfolio_leaf(context: NodeContext, child: Fields, place: Place) -> Leaf:
    """A sub-portfolio is its leaves."""
    digest = child_digest(child)
    if digest is None and child.values.get("result") is not None:
        raise child.refuse("digest", f"is missing: policy {context.policy.version} folds the leaves below a portfolio")
    if digest is None:
        _, digest, next_day = context.evaluate_child(child, context.as_of, context.policy)
        context.changes_on(next_day)
    digest = digest or Digest()
    return node_leaf(place, digest.result(context.policy.fold_rules["rollup"]), digest)
