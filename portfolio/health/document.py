"""The input document of a node: exactly the facts its result depends on, in one normal form.

Stored by its fingerprint, it replays the result years later, under any policy, without the tables.

Shape: the node object of the input format with these rules. Absent facts have no key, defaults are
written out. Numbers are decimal text without exponent or trailing zeros (a fraction that never ends
is `n/d` in lowest terms), counts and weights are integers, days are `YYYY-MM-DD`. `kpis` are sorted
by id, each with its `measurements` (`on`, `value`, newest first) reduced to days still read;
`children` and `initiatives` by id, each reduced to id, status, start_on, importance and the five
values of `result` (a child without a result stays whole); milestones by their days.
Facts of a kind that this engine cannot score are refused.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from .arithmetic import number_text
from .fields import Fields
from .kpi import DIRECTIONS, THRESHOLDS, days_read, winning_measurements
from .kpi_leaf import category, is_critical, is_required, kpi_weight
from .lifecycle import STATUSES
from .node import KINDS, refuse_unsupported
from .rollup import RESULT_KEYS, child_result, importance

Document = dict[str, Any]


def input_document(node: Mapping[str, Any], as_of: date | None = None) -> Document:
    """`evaluate` gives the same for the document as for the node, and the same document again.

    With `as_of`, measurements that a newer one replaced by that day are dropped; those dated ahead
    stay, because they decide `next_change_on`. Without it every day's measurement stays: the
    document then holds for earlier days too. Raises InputError like `evaluate`.
    """
    day = None if as_of is None else as_of.toordinal()
    return _node(Fields(node), day)


def _node(node: Fields, as_of: int | None) -> Document:
    refuse_unsupported(node)
    kind = node.choice("kind", KINDS)
    document: Document = {
        "id": node.text("id"),
        "kind": kind,
        "status": node.choice("status", STATUSES, "ACTIVE"),
        "not_applicable": sorted(set(node.texts("not_applicable"))),
        "kpis": _sorted_by_id(node, "kpis", lambda kpi: _kpi(kpi, as_of)),
        **_days(node, "start_on"),
    }
    team = node.section("team")
    if team is not None and kind != "portfolio":
        document["team"] = _team(team)
    if kind == "initiative":
        document.update(_days(node, "due_on"))
        delivery = node.section("delivery")
        if delivery is not None:
            document["delivery"] = _delivery(delivery)
    elif kind == "product":
        document["initiatives"] = _children(node, "initiatives", as_of)
    else:
        document["children"] = _children(node, "children", as_of)
    return document


def _children(node: Fields, key: str, as_of: int | None) -> list[Document]:
    return _sorted_by_id(node, key, lambda child: _child(child, as_of))


def _child(child: Fields, as_of: int | None) -> Document:
    result = child_result(child)
    if result is None:
        return {**_node(child, as_of), "importance": importance(child)}
    known = zip(RESULT_KEYS, result, strict=True)
    return {
        "id": child.text("id"),
        "status": child.choice("status", STATUSES, "ACTIVE"),
        **_days(child, "start_on"),
        "importance": importance(child),
        "result": {key: value for key, value in known if value is not None},
    }


def _kpi(kpi: Fields, as_of: int | None) -> Document:
    document: Document = {
        "id": kpi.text("id"),
        "direction": kpi.choice("direction", DIRECTIONS),
        "value_mode": "MEDIAN3" if days_read(kpi) > 1 else "LAST",
        "required": is_required(kpi),
        "critical": is_critical(kpi),
        "weight": kpi_weight(kpi),
        "category": category(kpi),
        "measurements": _measurements(kpi, as_of),
        **_numbers(kpi, *THRESHOLDS),
        **_days(kpi, "start_on", "target_on", "created_on", "waived_until"),
    }
    cadence = kpi.integer("cadence_days", low=1)
    if cadence is not None:
        document["cadence_days"] = cadence
    return document


def _measurements(kpi: Fields, as_of: int | None) -> list[Document]:
    winners = winning_measurements(kpi)
    days = sorted(winners, reverse=True)
    if as_of is not None:
        ahead = sum(day > as_of for day in days)
        days = days[: ahead + days_read(kpi)]
    return [{"on": _day_text(day), "value": number_text(winners[day].required_number("value"))} for day in days]


def _delivery(delivery: Fields) -> Document:
    counts = {
        key: count
        for key in ("total_items", "done_items", "wip", "blocked")
        if (count := delivery.integer(key)) is not None
    }
    milestones = [
        {**_days(milestone, "due_on", "done_on"), "cancelled": milestone.flag("cancelled")}
        for milestone in delivery.items("milestones")
    ]
    return {
        **_numbers(delivery, "total_scope", "done_scope"),
        **counts,
        **_days(delivery, "observed_on"),
        "weekly_throughput": list(delivery.sequence("weekly_throughput")),
        "milestones": sorted(milestones, key=_milestone_order),
    }


def _team(team: Fields) -> Document:
    """Members without their names, so that no person is in the record."""
    members = [_numbers(member, "allocation", "total_allocation") for member in team.items("members")]
    skills = [
        {**_numbers(skill, "demand", "supply"), "holders": skill.integer("holders") or 0}
        for skill in team.items("skills")
    ]
    return {
        "members": sorted(members, key=lambda member: sorted(member.items())),
        "skills": sorted(skills, key=lambda skill: sorted((name, str(value)) for name, value in skill.items())),
        **_numbers(team, "planned_fte", "filled_fte"),
        **_days(team, "observed_on"),
    }


def _milestone_order(milestone: Document) -> tuple[str, str, bool]:
    return milestone.get("due_on", ""), milestone.get("done_on", ""), milestone["cancelled"]


def _sorted_by_id(node: Fields, key: str, normalized: Callable[[Fields], Document]) -> list[Document]:
    documents = [normalized(item) for item in node.items(key)]
    documents.sort(key=lambda document: document["id"])
    return documents


def _numbers(fields: Fields, *keys: str) -> Document:
    return {key: number_text(ratio) for key in keys if (ratio := fields.number(key)) is not None}


def _days(fields: Fields, *keys: str) -> Document:
    return {key: _day_text(day) for key in keys if (day := fields.day(key)) is not None}


def _day_text(day: int) -> str:
    return date.fromordinal(day).isoformat()
