"""The input document of a node: exactly the facts its result depends on, in one normal form.

Stored by its fingerprint, it replays the result years later, under any policy, without the tables.

Shape: the node object of the input format with these rules. Absent facts have no key, defaults are
written out. Numbers are decimal text without exponent or trailing zeros (a fraction that never ends
is `n/d` in lowest terms), counts and weights are integers, days are `YYYY-MM-DD`. `kpis` are sorted
by id, each with its `measurements` (`on`, `value`, newest first) reduced to days still read;
`children` and `initiatives` by id, each reduced to id, kind, status, start_on, importance and the five
values of `result` or the `digest` of its leaves (`aggregation/digest.py`; a child with neither stays whole);
milestones by their days.
`models` by id with their `evals`, incidents and risks by their values; `status_updates` by author and day, reduced to
those still read; facts of a kind that was not sent have no key.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from portfolio.health.fields import Fields
from portfolio.health.indicators.children import RESULT_KEYS, child_digest, child_result, importance
from portfolio.health.inputs.facts_document import (
    delivery_document,
    feedback_document,
    models_document,
    risk_document,
    statuses_document,
    team_document,
)
from portfolio.health.inputs.normal_form import Document, days, kpi_document, sorted_by_id
from portfolio.health.lifecycle import KINDS, STATUSES


def input_document(node: Mapping[str, Any], as_of: date | None = None) -> Document:
    """`evaluate` gives the same for the document as for the node, and the same document again.

    With `as_of`, measurements that a newer one replaced by that day are dropped; those dated ahead
    stay, because they decide `next_change_on`. Without it every day's measurement stays: the
    document then holds for earlier days too. Raises InputError like `evaluate`.
    """
    day = None if as_of is None else as_of.toordinal()
    return _node(Fields(node), day)


def _node(node: Fields, as_of: int | None) -> Document:
    kind = node.choice("kind", KINDS)
    document: Document = {
        "id": node.text("id"),
        "kind": kind,
        "status": node.choice("status", STATUSES, "ACTIVE"),
        "not_applicable": sorted(set(node.texts("not_applicable"))),
        "kpis": sorted_by_id(node, "kpis", lambda kpi: kpi_document(kpi, as_of)),
        **days(node, "start_on"),
    }
    team = node.section("team")
    if team is not None and kind != "portfolio":
        document["team"] = team_document(team)
    document.update(_judged(node, as_of))
    if kind == "initiative":
        document.update(days(node, "due_on"))
        delivery = node.section("delivery")
        if delivery is not None:
            document["delivery"] = delivery_document(delivery)
    elif kind == "product":
        document["initiatives"] = _children(node, "initiatives", as_of)
    else:
        document["children"] = _children(node, "children", as_of)
    return document


def _judged(node: Fields, as_of: int | None) -> Document:
    """Models, risks and opinions; kinds of facts that were not sent have no key."""
    document: Document = {}
    if node.sequence("models"):
        document["models"] = models_document(node, as_of)
    if node.sequence("status_updates"):
        document["status_updates"] = statuses_document(node, as_of)
    risk, feedback = node.section("risk"), node.section("feedback")
    if risk is not None:
        document["risk"] = risk_document(risk)
    if feedback is not None:
        document["feedback"] = feedback_document(feedback)
    return document


def _children(node: Fields, key: str, as_of: int | None) -> list[Document]:
    return sorted_by_id(node, key, lambda child: _child(child, as_of))


def _child(child: Fields, as_of: int | None) -> Document:
    result, digest = child_result(child), child_digest(child)
    if result is None and digest is None:
        return {**_node(child, as_of), **_importance(child)}
    document: Document = {
        "id": child.text("id"),
        "status": child.choice("status", STATUSES, "ACTIVE"),
        **days(child, "start_on"),
        **_importance(child),
    }
    if child.values.get("kind") is not None:
        document["kind"] = child.choice("kind", KINDS)
    if result is not None:
        known = zip(RESULT_KEYS, result, strict=True)
        document["result"] = {key: value for key, value in known if value is not None}
    if digest is not None:
        document["digest"] = digest.document()
    return document


def _importance(child: Fields) -> Document:
    """Of a child that says its kind the policy knows the usual importance; of any other it is 1."""
    given = importance(child)
    if given is None:
        return {} if child.values.get("kind") is not None else {"importance": 1}
    return {"importance": given}
