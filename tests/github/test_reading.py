"""What GitHub's payloads say, and that no payload is an exception."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.github import Ignored, Reading, read
from portfolio.snapshot import Snapshot
from tests.github.tracker import issue, issue_event

AT = "2026-11-20T10:00:00Z"
CLOSED = "2026-11-20T09:59:00Z"


def read_item(action: str = "edited", **fields: Any) -> Snapshot:
    reading = read("issues", issue_event(action, issue(7, AT, **fields)))
    assert isinstance(reading, Reading), reading
    assert reading.item is not None
    return reading.item


def reason(event: str, payload: Any) -> str:
    reading = read(event, payload)
    assert isinstance(reading, Ignored), reading
    return reading.reason


def test_an_issue_is_read_whole() -> None:
    item = read_item(labels=[{"name": "bug"}, {"name": "api"}], type={"name": "Bug"})
    assert (item.source_id, item.complete, item.deleted) == ("I_7", True, False)
    assert item.updated_at == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert item.fields == {
        "container": "example/shop",
        "key": "example/shop#7",
        "title": "Issue 7",
        "url": "https://github.com/example/shop/issues/7",
        "state": ["TODO", "open", None, None],
        "type": "BUG",
        "milestone_source_id": None,
        "labels": ["api", "bug"],
        "opened_at": datetime(2026, 10, 1, 8, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("state", "why", "category", "name"),
    [
        ("open", None, "TODO", "open"),
        ("open", "reopened", "TODO", "open"),
        ("closed", None, "DONE", "closed"),
        ("closed", "completed", "DONE", "closed:completed"),
        ("closed", "not_planned", "CANCELED", "closed:not_planned"),
        ("closed", "duplicate", "CANCELED", "closed:duplicate"),
        ("closed", "evaporated", "UNKNOWN", "closed:evaporated"),
        ("frozen", None, "UNKNOWN", "frozen"),
    ],
)
def test_a_state_is_one_of_our_categories_and_keeps_its_name(
    state: str, why: str | None, category: str, name: str
) -> None:
    item = read_item(state=state, state_reason=why, closed_at=CLOSED if state == "closed" else None)
    closed_at = datetime(2026, 11, 20, 9, 59, tzinfo=UTC)
    assert item.fields["state"] == [
        category,
        name,
        closed_at if category == "DONE" else None,
        closed_at if category == "CANCELED" else None,
    ]


def test_an_issue_closed_without_an_instant_was_closed_when_it_was_updated() -> None:
    item = read_item(state="closed", closed_at=None)
    assert item.fields["state"][2] == datetime(2026, 11, 20, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "kind"), [("Bug", "BUG"), ("Feature", "STORY"), ("Task", "TASK"), ("Ritual", "OTHER")]
)
def test_an_issue_type_is_one_of_our_types(name: str, kind: str) -> None:
    assert read_item(type={"name": name}).fields["type"] == kind
    assert read_item(type=None).fields["type"] == "OTHER"
    assert "type" not in read_item().fields


@pytest.mark.parametrize("name", ["title", "state", "labels", "milestone", "closed_at", "html_url"])
def test_a_payload_without_a_field_is_partial_and_says_nothing_of_it(name: str) -> None:
    content = issue(7, AT)
    whole = read_item()
    del content[name]
    reading = read("issues", issue_event("pinned", content))
    assert isinstance(reading, Reading)
    assert reading.item is not None
    assert not reading.item.complete
    assert set(reading.item.fields) <= set(whole.fields)


def test_old_servers_name_an_issue_by_number_only() -> None:
    content = issue(7, AT)
    del content["node_id"]
    reading = read("issues", issue_event("opened", content))
    assert isinstance(reading, Reading)
    assert reading.item is not None
    assert reading.item.source_id == "9000007"


def test_an_unknown_action_is_a_snapshot_like_any_other() -> None:
    assert read_item("levitated").fields["title"] == "Issue 7"


def test_deleted_and_transferred_issues_are_tombstones() -> None:
    assert read_item("deleted").deleted
    assert read_item("transferred").deleted


def test_a_transfer_that_keeps_the_id_is_no_end() -> None:
    changes = {"new_issue": issue(7, AT), "new_repository": {"full_name": "example/other"}}
    payload = issue_event("transferred", issue(7, AT), changes=changes)
    assert reason("issues", payload).startswith("transferred under the same id")


def test_an_issue_brings_its_milestone_along() -> None:
    milestone = {"node_id": "M_1", "number": 1, "title": "v1.0", "updated_at": AT}
    milestone |= {"due_on": "2026-12-01T08:00:00Z", "closed_at": None}
    reading = read("issues", issue_event("milestoned", issue(7, AT, milestone=milestone)))
    assert isinstance(reading, Reading)
    assert reading.item is not None
    assert reading.item.fields["milestone_source_id"] == "M_1"
    assert reading.milestone is not None
    assert reading.milestone.fields["due_on"] == date(2026, 12, 1)
    assert reading.milestone_titles == {"v1.0"}


def test_a_renamed_milestone_says_both_titles() -> None:
    milestone = {"node_id": "M_1", "number": 1, "title": "v1.1", "updated_at": AT}
    repository = {"full_name": "example/shop"}
    payload = {"action": "edited", "milestone": milestone, "repository": repository}
    reading = read("milestone", payload | {"changes": {"title": {"from": "v1.0"}}})
    assert isinstance(reading, Reading)
    assert reading.item is None
    assert reading.milestone_titles == {"v1.0", "v1.1"}


def test_what_is_no_work_item_is_ignored_with_the_reason() -> None:
    pull_request = issue(7, AT, pull_request={"url": "https://api.github.com/pulls/7"})
    assert reason("issues", issue_event("labeled", pull_request)) == "a pull request"
    assert reason("ping", {"zen": "Keep it logically awesome."}) == ("not an event of work items")
    assert reason("", {}) == "the event is not named"
    assert reason("issues", []) == "the payload is not a JSON object"


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"updated_at": "yesterday"}, "issue.updated_at is not an instant"),
        ({"updated_at": "2026-11-20T10:00:00"}, "issue.updated_at is an instant without a time zone"),
        ({"updated_at": "0001-01-01T00:00:00+23:59"}, "issue.updated_at is not an instant"),
        ({"updated_at": None}, "issue.updated_at is missing"),
        ({"title": 5}, "issue.title is not a text"),
        ({"title": ""}, "issue.title is not a text"),
        ({"number": True}, "issue.number is not a number of an issue or milestone"),
        ({"number": 2**31}, "issue.number is not a number of an issue or milestone"),
        ({"labels": {"name": "bug"}}, "issue.labels is not a list"),
        ({"labels": [5]}, "issue.labels holds something else than labels"),
        ({"labels": [{"name": ""}]}, "issue.labels[].name is not a text"),
        ({"milestone": "v1.0"}, "issue.milestone is not an object"),
        ({"milestone": {"title": "v1.0"}}, "issue.milestone.node_id is missing"),
        ({"type": {"id": 1}}, "issue.type.name is missing"),
        ({"node_id": None, "id": "7"}, "issue.node_id is missing"),
        ({"state": ["open"]}, "issue.state is not a text"),
    ],
)
def test_a_malformed_field_is_named(fields: dict[str, Any], fault: str) -> None:
    assert reason("issues", issue_event("edited", issue(7, AT) | fields)) == f"malformed: {fault}"


def test_text_that_the_database_cannot_store_is_replaced() -> None:
    assert read_item(title="a\0b\ud800c").fields["title"] == "a\N{REPLACEMENT CHARACTER}b?c"
    assert len(read_item(title="x" * 5000).fields["title"]) == 1000
    assert len(read_item(labels=[{"name": f"l{n}"} for n in range(300)]).fields["labels"]) == 100


def test_what_is_read_has_one_digest_however_the_payload_is_ordered() -> None:
    backwards = dict(reversed(issue(7, AT).items()))
    reading = read("issues", issue_event("edited", backwards))
    assert isinstance(reading, Reading)
    assert reading.item is not None
    assert reading.item.rank == read_item().rank
    assert reading.item.rank != read_item(title="Another").rank


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda child: st.lists(child, max_size=3) | st.dictionaries(st.text(max_size=6), child, max_size=3),
    max_leaves=6,
)


@settings(deadline=None)  # the machine may be busy
@given(st.data())
def test_no_payload_is_an_exception(data: st.DataObject) -> None:
    milestone = {"node_id": "M", "number": 1, "title": "v", "updated_at": AT}
    content = issue(7, AT, milestone=milestone)
    for target in (content, milestone):
        name = data.draw(st.sampled_from(sorted(target)))
        target[name] = data.draw(_json)
    payload = issue_event(data.draw(st.sampled_from(["edited", "transferred"])), content)
    payload["changes"] = data.draw(_json)
    reading = read("issues", payload)
    if isinstance(reading, Reading):
        for snapshot in (reading.item, reading.milestone):
            assert snapshot is None or len(snapshot.rank.digest) == 32
