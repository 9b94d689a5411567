"""People in the oracle: who works where on which day, counted day by day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

if TYPE_CHECKING:
    from tests.reads.oracle import View

Row = Mapping[str, Any]


def is_assigned_in_sight(view: View, column: str, holder_id: UUID) -> bool:
    return any(
        row[column] == holder_id and view.home(row["subject_id"]) in view.granted for row in view.rows("assignment")
    )


def holds(row: Row, day: date) -> bool:
    return row["from_on"] <= day and (row["to_on"] is None or row["to_on"] >= day)


def work(view: View) -> Iterator[tuple[UUID, Row, Row | None]]:
    """Person, assignment, and the membership through which the person has it."""
    for assignment in view.rows("assignment"):
        if assignment["person_id"] is not None:
            yield assignment["person_id"], assignment, None
        for membership in view.rows("membership"):
            if assignment["team_id"] is not None and membership["team_id"] == assignment["team_id"]:
                yield membership["person_id"], assignment, membership


def work_on(view: View, day: date) -> list[tuple[UUID, UUID, Decimal]]:
    """Person, subject and allocation on a day."""
    return [
        (person_id, assignment["subject_id"], assignment["allocation"])
        for person_id, assignment, membership in work(view)
        if holds(assignment, day) and (membership is None or holds(membership, day))
    ]


def versions(view: View, row: Row) -> list[Row]:
    found = [other for other in view.rows("assignment_version") if other["assignment_id"] == row["id"]]
    return sorted(found, key=lambda other: -other["version"])[:100]


def subjects(view: View, type_name: str, row: Row) -> set[UUID]:
    """The object and what lies below it, as far as the viewer sees it."""
    if type_name == "Portfolio":
        below = {link["descendant_id"] for link in view.rows("portfolio_closure") if link["ancestor_id"] == row["id"]}
        found = {subject["id"] for subject in view.rows("subject") if subject["portfolio_id"] in below}
    else:
        links = view.rows("initiative_product") if type_name == "Product" else []
        found = {row["id"], *(link["initiative_id"] for link in links if link["product_id"] == row["id"])}
    return {node for node in found if not view.restricted or view.home(node) in view.granted}


def skill_gaps(view: View, row: Row) -> list[Row]:
    type_name = next(name for name in ("Portfolio", "Product", "Initiative") if view.find(name, row["id"]))
    wanted, today = subjects(view, type_name, row), view.day(None)
    levels = {(held["person_id"], held["skill_id"]): held["level"] for held in view.rows("person_skill")}
    gaps: dict[UUID, dict[str, Any]] = {}
    for demand in view.rows("skill_demand"):
        if demand["subject_id"] not in wanted:
            continue
        skill_id, needed = demand["skill_id"], demand["full_time_equivalents"]
        bring = [
            (person_id, allocation)
            for person_id, subject_id, allocation in work_on(view, today)
            if subject_id == demand["subject_id"] and levels.get((person_id, skill_id), 0) >= demand["level"]
        ]
        supply = sum((allocation for _, allocation in bring), Decimal(0))
        nothing = {name: Decimal(0) for name in ("demand", "supply", "gap")}
        gap = gaps.setdefault(skill_id, {"skill_id": skill_id, "who": set(), **nothing})
        gap["demand"] += needed
        gap["supply"] += supply
        gap["gap"] += max(Decimal(0), needed - supply)
        gap["who"] |= {person_id for person_id, _ in bring}
    listed = sorted(gaps.values(), key=lambda gap: (-gap["gap"], gap["skill_id"]))
    return [{**gap, "holders": len(gap["who"])} for gap in listed]


def rollup_groups(view: View, product: Row, group_by: str) -> set[str]:
    """Names of the groups under which a product counts."""
    if group_by == "OWNER":
        return {f"per_{product['owner_id']}" if product["owner_id"] else "NONE"}
    if group_by == "TEAM":
        today = view.day(None)
        open_today = [
            row for row in view.rows("assignment") if row["subject_id"] == product["id"] and holds(row, today)
        ]
        return {f"tea_{row['team_id']}" for row in open_today if row["team_id"]} or {"NONE"}
    return {product[{"BAND": "health_band", "STAGE": "lifecycle_stage", "TIER": "tier"}[group_by]]}


def time_on(view: View, person_id: UUID, day: date) -> tuple[Decimal, Decimal]:
    """Share of full time, and what absences leave of the day."""
    said = [r for r in view.rows("working_time") if r["person_id"] == person_id and r["archived_at"] is None]
    away = [r for r in view.rows("absence") if r["person_id"] == person_id and r["archived_at"] is None]
    held = [r for r in said if r["from_on"] <= day]
    gone = [r for r in away if r["from_on"] <= day <= r["to_on"]]
    share = max(held, key=lambda r: r["from_on"])["share"] if held else Decimal(1)
    return share, 1 - max(gone, key=lambda r: (r["from_on"], r["id"]))["share_away"] if gone else Decimal(1)


def capacity(view: View, type_name: str, row: Row, arguments: Mapping[str, Any]) -> list[Row]:
    unit = arguments.get("bucket")
    closed = {holiday["held_on"] for holiday in view.rows("company_holiday") if holiday["archived_at"] is None}
    found = []
    for start_on, end_on in buckets(view, arguments["from"], arguments["to"], getattr(unit, "value", unit) or "WEEK"):
        every = [start_on + timedelta(days=n) for n in range((end_on - start_on).days + 1)]
        weekdays = [day for day in every if day.isoweekday() < 6]
        available, allocated = Decimal(0), Decimal(0)
        spare: dict[UUID, Decimal] = {}
        people: set[UUID] = set()
        for day in every:
            if day in weekdays and day in closed:
                continue
            seen = [item for item in work_on(view, day) if not view.restricted or view.home(item[1]) in view.granted]
            there, counted = on_day(view, type_name, row, day, seen)
            people |= there
            if day not in weekdays:
                continue
            times = {person["id"]: time_on(view, person["id"], day) for person in view.all("Person")}
            available += sum((times[person_id][0] * times[person_id][1] for person_id in there), Decimal(0))
            allocated += sum((amount * times[person_id][1] for person_id, _, amount in counted), Decimal(0))
            for person_id, (share, presence) in times.items():
                given = sum((amount for worker, _, amount in seen if worker == person_id), Decimal(0))
                spare[person_id] = spare.get(person_id, Decimal(0)) + presence * (share - given)
        found.append(
            {
                "start_on": start_on,
                "end_on": end_on,
                "available": rounded(available / len(weekdays)),
                "allocated": rounded(allocated / len(weekdays)),
                "is_over_allocated": any(spare.get(person_id, 0) < 0 for person_id in people),
            }
        )
    return found


def on_day(
    view: View, type_name: str, row: Row, day: date, seen: list[tuple[UUID, UUID, Decimal]]
) -> tuple[set[UUID], list[tuple[UUID, UUID, Decimal]]]:
    """Who is there, and the work that counts."""
    if type_name == "Person":
        people = {row["id"]}
    elif type_name == "Team":
        branch = teams_below(view, row["id"])
        people = {
            other["person_id"] for other in view.rows("membership") if other["team_id"] in branch and holds(other, day)
        }
    else:
        here = subjects(view, type_name, row)
        seen = [item for item in seen if item[1] in here]
        people = {person_id for person_id, _, _ in seen}
    return people, [item for item in seen if item[0] in people]


def teams_below(view: View, team_id: UUID) -> set[UUID]:
    found, size = {team_id}, 0
    while size < len(found):
        size = len(found)
        found |= {team["id"] for team in view.rows("team") if team["parent_id"] in found}
    return found


def buckets(view: View, first: date, last: date, unit: str) -> Iterator[tuple[date, date]]:
    if unit == "WEEK":
        weekday = view.rows("organization")[0]["first_weekday"]
        start = first
        while start.isoweekday() != weekday:
            start -= timedelta(days=1)
    else:
        start = first.replace(day=1)
    while start <= last:
        following = start + timedelta(days=7) if unit == "WEEK" else (start + timedelta(days=31)).replace(day=1)
        yield start, following - timedelta(days=1)
        start = following


def rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)
