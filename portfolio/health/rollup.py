"""The children of a node as leaves of its tree: initiatives or products under way."""

from .arithmetic import FULL_MP
from .context import NodeContext
from .fields import Fields
from .lifecycle import NOT_STARTED, SCORED, lifecycle
from .tree import ChildResult, Leaf, Part, Place, node_leaf

HIGHEST_IMPORTANCE = 1000
RESULT_KEYS = ("score_mp", "low_mp", "high_mp", "coverage_mp", "confidence_mp")


def rolled_up_initiatives(context: NodeContext) -> list[Part]:
    return _rolled_up(context, "initiatives", "DELIVERY")


def rolled_up_children(context: NodeContext) -> list[Part]:
    return _rolled_up(context, "children", "CHILDREN")


def importance(child: Fields) -> int:
    value = child.integer("importance", low=1, high=HIGHEST_IMPORTANCE)
    return 1 if value is None else value


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
    seen: set[str] = set()
    for child in context.node.items(key):
        identity = child.text("id")
        if identity in seen:
            raise child.refuse("id", "is used twice")
        seen.add(identity)
        stage = lifecycle(child, context.as_of)
        if stage == NOT_STARTED:
            context.changes_on(child.day("start_on"))
        if stage in SCORED:
            place = Place(dimension, f"node:{identity}", importance(child))
            parts.append(_child_leaf(context, child, place))
        else:
            context.excluded_children[stage] = context.excluded_children.get(stage, 0) + 1
    return parts


def _child_leaf(context: NodeContext, child: Fields, place: Place) -> Leaf:
    result = child_result(child)
    if result is None:
        result, next_day = context.evaluate_child(child, context.as_of, context.policy)
        context.changes_on(next_day)
    return node_leaf(place, result)
