"""Stored deliveries become work items: in any order, each once, and a bad one stops nobody."""

import asyncio
import json
import random
from typing import Any
from urllib.parse import urlencode

import asyncpg
import pytest

from tests.github.tracker import Tracker, issue, issue_event, signed

_STATE = """
select source_id, key, title, url, type, state_category, state_name, container, milestone_source_id,
       milestone_title, labels, opened_at, done_at, canceled_at, deleted_at, source_updated_at,
       source_complete, source_digest, field_ranks, needs_reread
from work_item where tenant_id = $1 order by source_id
"""
_MILESTONES = """
select source_id, container, number, title, due_on, closed_at, deleted_at, source_updated_at,
       source_complete, source_digest, field_ranks, needs_reread, titles
from tracker_milestone where tenant_id = $1 order by source_id
"""


def at(minute: int) -> str:
    return f"2026-11-20T10:{minute:02d}:00Z"


def milestone(title: str, minute: int, number: int = 1, **fields: Any) -> dict[str, Any]:
    due_on = "2026-12-01T08:00:00Z"
    content = {"node_id": f"M_{number}", "number": number, "title": title, "updated_at": at(minute)}
    return content | {"due_on": due_on, "closed_at": None} | fields


def milestone_event(action: str, content: dict[str, Any], **fields: Any) -> dict[str, Any]:
    repository = {"full_name": "example/shop"}
    return {"action": action, "milestone": content, "repository": repository, **fields}


async def event_types(tracker: Tracker) -> list[str]:
    rows = await tracker.fetch("select type from event where tenant_id = $1 order by id")
    return sorted(row["type"] for row in rows)


async def test_an_item_is_created_updated_and_deleted_with_its_events(tracker: Tracker) -> None:
    await tracker.deliver("issues", issue_event("opened", issue(1, at(1))))
    await tracker.apply()
    closed = issue(1, at(2), state="closed", state_reason="completed", closed_at=at(2))
    await tracker.deliver("issues", issue_event("closed", closed))
    await tracker.apply()
    await tracker.deliver("issues", issue_event("deleted", closed | {"updated_at": at(2)}))
    await tracker.apply()
    [row] = await tracker.fetch("select * from work_item where tenant_id = $1")
    assert (row["key"], row["state_category"], row["version"]) == ("example/shop#1", "DONE", 3)
    assert row["deleted_at"] == row["done_at"]
    events = await tracker.fetch("select * from event where tenant_id = $1 order by id")
    assert sorted(event["type"] for event in events) == [
        "WORK_ITEM_CREATED",
        "WORK_ITEM_DELETED",
        "WORK_ITEM_UPDATED",
    ]
    assert {event["via"] for event in events} == {"WEBHOOK"}
    [update] = [event for event in events if event["type"] == "WORK_ITEM_UPDATED"]
    changes = {change["field"]: change for change in json.loads(update["changes"])}
    assert set(changes) == {"stateCategory", "stateName", "doneAt", "sourceUpdatedAt"}
    assert changes["stateCategory"] == {"field": "stateCategory", "from": "TODO", "to": "DONE"}
    assert await tracker.statuses() == [("APPLIED", None)] * 3


async def test_a_title_stays_outside_the_chain_of_events(tracker: Tracker) -> None:
    await tracker.deliver("issues", issue_event("opened", issue(1, at(1), title="Ask Jane Doe")))
    await tracker.apply()
    [event] = await tracker.fetch("select changes from event where tenant_id = $1")
    assert "Jane" not in event["changes"]
    [private] = await tracker.fetch("select to_value from event_private_value where tenant_id = $1")
    assert private["to_value"] == '"Ask Jane Doe"'


async def test_an_older_or_repeated_statement_is_superseded(tracker: Tracker) -> None:
    await tracker.deliver("issues", issue_event("edited", issue(1, at(5), title="New")))
    await tracker.deliver("issues", issue_event("edited", issue(1, at(4), title="Old")))
    await tracker.deliver("issues", issue_event("labeled", issue(1, at(5), title="New")))
    await tracker.apply()
    assert [status for status, _ in await tracker.statuses()] == ["APPLIED", "SUPERSEDED", "SUPERSEDED"]
    [row] = await tracker.fetch("select title, version from work_item where tenant_id = $1")
    assert tuple(row) == ("New", 1)
    assert await event_types(tracker) == ["WORK_ITEM_CREATED"]


async def test_applying_twice_and_at_once_changes_nothing_more(tracker: Tracker) -> None:
    for number in range(30):
        await tracker.deliver("issues", issue_event("opened", issue(number + 1, at(1))))
    await asyncio.gather(*(tracker.apply() for _ in range(4)))
    await tracker.apply()
    assert await tracker.statuses() == [("APPLIED", None)] * 30
    assert await event_types(tracker) == ["WORK_ITEM_CREATED"] * 30


def _story() -> list[tuple[str, Any]]:
    """Ties, partial snapshots, tombstones, a rename and a milestone that only items speak of."""
    partial = issue(1, at(3), title="Partial")
    del partial["state"], partial["labels"]
    first, renamed = milestone("v1.0", 1), milestone("v1.1", 4)
    other = milestone("v2.0", 2, number=2)
    return [
        ("issues", issue_event("opened", issue(1, at(1), milestone=first))),
        ("issues", issue_event("labeled", issue(1, at(2), labels=[{"name": "bug"}], milestone=first))),
        ("issues", issue_event("pinned", partial)),
        ("issues", issue_event("edited", issue(1, at(3), title="Tie", milestone=other))),
        ("issues", issue_event("opened", issue(2, at(1), milestone=first))),
        ("issues", issue_event("deleted", issue(2, at(5), milestone=first))),
        ("issues", issue_event("edited", issue(2, at(5), title="Too late", milestone=first))),
        ("issues", issue_event("deleted", issue(3, at(2)))),
        ("issues", issue_event("reopened", issue(3, at(3), title="Back"))),
        ("milestone", milestone_event("created", first)),
        ("milestone", milestone_event("edited", renamed, changes={"title": {"from": "v1.0"}})),
        ("milestone", milestone_event("deleted", other | {"updated_at": at(6)})),
    ]


@pytest.mark.parametrize("seed", range(6))
async def test_any_order_and_repetition_ends_in_the_same_state(tracker: Tracker, seed: int) -> None:
    reference = await tracker.neighbor()
    dice = random.Random(seed)
    deliveries = _story() + dice.sample(_story(), 6)
    dice.shuffle(deliveries)
    linked = []
    for replica, sequence in ((reference, _story()), (tracker, deliveries)):
        initiative_ids = [await replica.add_initiative(key) for key in ("OLD", "NEW", "BUG", "TWO")]
        rules = (("MILESTONE", "v1.0"), ("MILESTONE", "v1.1"), ("LABEL", "bug"), ("MILESTONE", "2"))
        for initiative_id, (kind, value) in zip(initiative_ids, rules, strict=True):
            await replica.add_rule(initiative_id, kind, value)
        for event, payload in sequence:
            await replica.deliver(event, payload)
            if dice.random() < 0.5:
                await replica.apply()
        await replica.apply()
        linked.append([await replica.linked_keys(one) for one in initiative_ids])
    assert linked[0] == linked[1]
    assert linked[0][0] == linked[0][1] == ["example/shop#2"]
    for query in (_STATE, _MILESTONES):
        assert await tracker.fetch(query) == await reference.fetch(query)
    by_source = {row["source_id"]: row for row in await tracker.fetch(_STATE)}
    first = by_source["I_1"]
    assert (first["title"], first["needs_reread"], first["labels"]) == ("Tie", True, [])
    assert by_source["I_2"]["deleted_at"] is not None
    assert (by_source["I_3"]["deleted_at"], by_source["I_3"]["title"]) == (None, "Back")


async def test_a_partial_snapshot_leaves_the_rest_as_it_was(tracker: Tracker) -> None:
    content = issue(1, at(1), labels=[{"name": "bug"}], state="closed", closed_at=at(1))
    partial = {"node_id": "I_1", "id": 1, "updated_at": at(2), "title": "Only this"}
    late = issue(1, at(0), type={"name": "Bug"})
    for sequence in ([content, partial, late],):
        for one in sequence:
            await tracker.deliver("issues", issue_event("edited", one))
            await tracker.apply()
    [row] = await tracker.fetch("select * from work_item where tenant_id = $1")
    assert (row["title"], row["labels"], row["state_category"]) == ("Only this", ["bug"], "DONE")
    assert (row["type"], row["source_complete"]) == ("BUG", False)
    assert set(json.loads(row["field_ranks"])) == {
        *("url", "state", "labels", "milestone_source_id", "opened_at", "type", "key")
    }
    assert [status for status, _ in await tracker.statuses()] == ["APPLIED"] * 3


async def test_an_item_first_heard_of_in_part_waits_for_the_rest(tracker: Tracker) -> None:
    payload = {"action": "pinned", "issue": {"node_id": "I_9", "updated_at": at(1)}}
    await tracker.deliver("issues", payload)
    await tracker.apply()
    [row] = await tracker.fetch("select * from work_item where tenant_id = $1")
    assert (row["state_category"], row["key"], row["title"]) == ("UNKNOWN", "I_9", "")
    await tracker.deliver("issues", issue_event("opened", issue(9, at(0))))
    await tracker.apply()
    [row] = await tracker.fetch("select * from work_item where tenant_id = $1")
    assert (row["state_category"], row["key"]) == ("TODO", "example/shop#9")


async def test_a_form_of_github_is_read_like_json(tracker: Tracker) -> None:
    body = urlencode({"payload": json.dumps(issue_event("opened", issue(1, at(1), title="Ünï")))})
    headers = signed(body.encode(), "issues", "form")
    headers["content-type"] = "application/x-www-form-urlencoded"
    await tracker.post(body.encode(), headers)
    await tracker.apply()
    [row] = await tracker.fetch("select title from work_item where tenant_id = $1")
    assert row["title"] == "Ünï"


@pytest.mark.parametrize("body", [b"", b"payload=%7B", b"other=1", b"\xff", b"&".join([b"a=1"] * 50)])
async def test_a_form_without_json_is_ignored(tracker: Tracker, body: bytes) -> None:
    headers = signed(body, "issues", "form") | {"content-type": "application/x-www-form-urlencoded"}
    assert (await tracker.post(body, headers)).status_code == 202
    await tracker.apply()
    assert await tracker.statuses() == [("IGNORED", "the body is not JSON")]


async def test_a_delivery_that_cannot_be_applied_is_parked_and_the_others_go_on(tracker: Tracker) -> None:
    """The database itself refuses one item."""
    constraint = f"refuse_{tracker.connection_id.hex}"
    await tracker.administration.execute(
        f"alter table work_item add constraint {constraint} check (title <> 'poison') not valid"
    )
    try:
        for number, title in enumerate(["one", "poison", "three"], start=1):
            await tracker.deliver("issues", issue_event("opened", issue(number, at(1), title=title)))
        await tracker.apply()
    finally:
        await tracker.administration.execute(f"alter table work_item drop constraint {constraint}")
    statuses = await tracker.statuses()
    assert [status for status, _ in statuses] == ["APPLIED", "DEAD", "APPLIED"]
    assert "CheckViolation" in (statuses[1][1] or "")


async def test_a_fault_of_the_database_parks_nothing(tracker: Tracker) -> None:
    await tracker.deliver("issues", issue_event("opened", issue(1, at(1))))
    async with tracker.administration.transaction():
        lock = "select lock_connection_items($1)"
        await tracker.administration.execute(lock, tracker.connection_id)
        with pytest.raises(asyncpg.LockNotAvailableError):
            await tracker.apply()
    assert await tracker.statuses() == [("NEW", None)]
    await tracker.apply()
    assert await tracker.statuses() == [("APPLIED", None)]


async def test_linked_initiatives_are_marked_for_a_new_score(tracker: Tracker) -> None:
    initiative_id = await tracker.add_initiative("ALPHA")
    await tracker.add_rule(initiative_id, "LABEL", "alpha")
    await tracker.deliver("issues", issue_event("opened", issue(1, at(1), labels=[{"name": "Alpha"}])))
    await tracker.deliver("issues", issue_event("opened", issue(2, at(1))))
    await tracker.apply()
    query = "select target_id, generation from signal where tenant_id = $1 and job = 'recompute_health'"
    assert [tuple(row) for row in await tracker.fetch(query)] == [(initiative_id, 1)]
    closed = issue(1, at(2), labels=[{"name": "Alpha"}], state="closed", closed_at=at(2))
    await tracker.deliver("issues", issue_event("closed", closed))
    await tracker.apply()
    await tracker.deliver("issues", issue_event("unlabeled", closed | {"labels": [], "updated_at": at(3)}))
    await tracker.apply()
    assert [tuple(row) for row in await tracker.fetch(query)] == [(initiative_id, 3)]
    events = await tracker.fetch("select entity_id, subject_id, portfolio_id from event where tenant_id = $1")
    of_subject = [event for event in events if event["subject_id"] == initiative_id]
    assert len(of_subject) == 3
    assert {event["portfolio_id"] for event in of_subject} == {tracker.portfolio_id}


async def test_deliveries_of_a_stranger_stay_untouched(tracker: Tracker) -> None:
    stranger = await tracker.neighbor()
    await stranger.deliver("issues", issue_event("opened", issue(1, at(1))))
    stranger.connection_id, own = tracker.connection_id, stranger.connection_id
    await stranger.apply()
    stranger.connection_id = own
    assert await stranger.statuses() == [("NEW", None)]
