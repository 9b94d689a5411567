"""GitHub's `issues` and `milestone` payloads as snapshots; nothing that is sent raises."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, TypeVar, cast

from portfolio.enumerations import WorkItemStateCategory, WorkItemType
from portfolio.snapshot import Snapshot

# A snapshot is complete when its payload carried all of these, null or not. `type` and
# `state_reason` are younger than many servers in the field: their absence says nothing.
_ISSUE_FIELDS = (
    "number",
    "title",
    "html_url",
    "state",
    "labels",
    "milestone",
    "created_at",
    "closed_at",
)
_MILESTONE_FIELDS = ("due_on", "closed_at")

_TYPE_OF_NAME = {
    "bug": WorkItemType.BUG,
    "epic": WorkItemType.EPIC,
    "feature": WorkItemType.STORY,
    "incident": WorkItemType.INCIDENT,
    "requirement": WorkItemType.REQUIREMENT,
    "story": WorkItemType.STORY,
    "sub-task": WorkItemType.SUBTASK,
    "subtask": WorkItemType.SUBTASK,
    "task": WorkItemType.TASK,
    "user story": WorkItemType.STORY,
}
_CATEGORY_OF_REASON = {
    None: WorkItemStateCategory.DONE,
    "completed": WorkItemStateCategory.DONE,
    "duplicate": WorkItemStateCategory.CANCELED,
    "not_planned": WorkItemStateCategory.CANCELED,
}
_LARGEST_NUMBER = 2**31 - 1
_LONGEST_TEXT = 1000
_MOST_LABELS = 100

Value = TypeVar("Value")


@dataclass(frozen=True)
class Reading:
    """What a delivery says. milestone_titles has the title before a rename too."""

    item: Snapshot | None
    milestone: Snapshot | None
    milestone_titles: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Ignored:
    reason: str


class _Malformed(Exception):
    """A field that is not what GitHub documents; its message becomes the reason."""


def read(event: str, payload: Any) -> Reading | Ignored:
    """The payload of one event. What does not concern work items is ignored, with the reason."""
    if event not in ("issues", "milestone"):
        return Ignored("not an event of work items" if event else "the event is not named")
    if not isinstance(payload, dict):
        return Ignored("the payload is not a JSON object")
    try:
        given = cast(dict[str, Any], payload)
        return _read_issue(given) if event == "issues" else _read_milestone_event(given)
    except _Malformed as fault:
        return Ignored(f"malformed: {fault}")


def _read_issue(payload: Mapping[str, Any]) -> Reading | Ignored:
    issue = _object(payload, "issue", "")
    if issue.get("pull_request") is not None:
        return Ignored("a pull request")
    action = payload.get("action")
    if action == "transferred" and _moved_under_same_id(payload, issue):
        return Ignored("transferred under the same id: the event of the new repository says the rest")
    container = _container(payload)
    fields = _issue_fields(issue, container)
    milestone, titles = _embedded_milestone(issue, container)
    item = Snapshot(
        source_id=_source_id(issue, "issue"),
        updated_at=_required(issue, "updated_at", "issue", _instant),
        complete=container is not None and all(name in issue for name in _ISSUE_FIELDS),
        fields=fields,
        deleted=action in ("deleted", "transferred"),
    )
    return Reading(item, milestone, titles)


def _moved_under_same_id(payload: Mapping[str, Any], issue: Mapping[str, Any]) -> bool:
    moved = _member(payload.get("changes"), "new_issue")
    if not isinstance(moved, dict):
        return False
    return _source_id(cast(dict[str, Any], moved), "changes.new_issue") == _source_id(issue, "issue")


def _issue_fields(issue: Mapping[str, Any], container: str | None) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if container is not None:
        fields["container"] = container
        if "number" in issue:
            fields["key"] = f"{container}#{_required(issue, 'number', 'issue', _number)}"
    if "title" in issue:
        fields["title"] = _required(issue, "title", "issue", _text)
    if "html_url" in issue:
        fields["url"] = _optional(issue, "html_url", "issue", _text)
    if issue.get("state") is not None:
        fields["state"] = _state(issue)
    if "type" in issue:
        fields["type"] = _type(issue)
    if "milestone" in issue:
        milestone = _optional(issue, "milestone", "issue", _as_object)
        fields["milestone_source_id"] = None if milestone is None else _source_id(milestone, "issue.milestone")
    if "labels" in issue:
        fields["labels"] = _labels(issue)
    if "created_at" in issue:
        fields["opened_at"] = _optional(issue, "created_at", "issue", _instant)
    return fields


def _state(issue: Mapping[str, Any]) -> list[Any]:
    """Category, name as GitHub has it, instant of being done, instant of being canceled."""
    state = _required(issue, "state", "issue", _text)
    reason = _optional(issue, "state_reason", "issue", _text)
    if state == "open":
        return [WorkItemStateCategory.TODO, state, None, None]
    if state != "closed":
        return [WorkItemStateCategory.UNKNOWN, state, None, None]
    category = _CATEGORY_OF_REASON.get(reason, WorkItemStateCategory.UNKNOWN)
    closed_at = _optional(issue, "closed_at", "issue", _instant) or _required(issue, "updated_at", "issue", _instant)
    return [
        category,
        state if reason is None else f"{state}:{reason}",
        closed_at if category is WorkItemStateCategory.DONE else None,
        closed_at if category is WorkItemStateCategory.CANCELED else None,
    ]


def _type(issue: Mapping[str, Any]) -> WorkItemType:
    kind = _optional(issue, "type", "issue", _as_object)
    if kind is None:
        return WorkItemType.OTHER
    name = _required(kind, "name", "issue.type", _text)
    return _TYPE_OF_NAME.get(name.strip().lower(), WorkItemType.OTHER)


def _labels(issue: Mapping[str, Any]) -> list[str]:
    labels: Any = issue["labels"]
    if not isinstance(labels, list):
        raise _Malformed("issue.labels is not a list")
    # GitHub's older answers list bare names.
    named: list[Any] = [{"name": label} if isinstance(label, str) else label for label in cast(list[Any], labels)]
    if not all(isinstance(label, dict) for label in named):
        raise _Malformed("issue.labels holds something else than labels")
    names = {_required(label, "name", "issue.labels[]", _text) for label in named}
    return sorted(names)[:_MOST_LABELS]


def _read_milestone_event(payload: Mapping[str, Any]) -> Reading:
    milestone = _object(payload, "milestone", "")
    container = _container(payload)
    if container is None:
        raise _Malformed("repository is missing")
    snapshot = _milestone(milestone, container, "milestone", deleted=payload.get("action") == "deleted")
    titles = {snapshot.fields["title"]}
    former = _member(_member(payload.get("changes"), "title"), "from")
    if isinstance(former, str):
        titles.add(_text(former))
    return Reading(None, snapshot, frozenset(titles))


def _embedded_milestone(issue: Mapping[str, Any], container: str | None) -> tuple[Snapshot | None, frozenset[str]]:
    """An issue carries its whole milestone: a hook without `milestone` events learns of it here."""
    milestone = issue.get("milestone")
    if container is None or not isinstance(milestone, dict):
        return None, frozenset()
    snapshot = _milestone(cast(dict[str, Any], milestone), container, "issue.milestone", deleted=False)
    return snapshot, frozenset({snapshot.fields["title"]})


def _milestone(milestone: Mapping[str, Any], container: str, path: str, *, deleted: bool) -> Snapshot:
    fields: dict[str, Any] = {
        "container": container,
        "number": _required(milestone, "number", path, _number),
        "title": _required(milestone, "title", path, _text),
    }
    if "due_on" in milestone:
        fields["due_on"] = _optional(milestone, "due_on", path, _day)
    if "closed_at" in milestone:
        fields["closed_at"] = _optional(milestone, "closed_at", path, _instant)
    return Snapshot(
        source_id=_source_id(milestone, path),
        updated_at=_required(milestone, "updated_at", path, _instant),
        complete=all(name in milestone for name in _MILESTONE_FIELDS),
        fields=fields,
        deleted=deleted,
    )


def _container(payload: Mapping[str, Any]) -> str | None:
    repository = _optional(payload, "repository", "", _as_object)
    return None if repository is None else _required(repository, "full_name", "repository", _text)


def _source_id(thing: Mapping[str, Any], path: str) -> str:
    """node_id, which outlives a transfer; the number `id` where an old server sends no other."""
    if thing.get("node_id") is not None:
        return _required(thing, "node_id", path, _text)
    number = thing.get("id")
    if isinstance(number, int) and not isinstance(number, bool):
        return str(number)
    raise _Malformed(f"{path}.node_id is missing")


def _object(parent: Mapping[str, Any], name: str, path: str) -> dict[str, Any]:
    return _required(parent, name, path, _as_object)


def _required(parent: Mapping[str, Any], name: str, path: str, check: Callable[[Any], Value]) -> Value:
    value = _optional(parent, name, path, check)
    if value is None:
        raise _Malformed(f"{_join(path, name)} is missing")
    return value


def _optional(parent: Mapping[str, Any], name: str, path: str, check: Callable[[Any], Value]) -> Value | None:
    if parent.get(name) is None:
        return None
    try:
        return check(parent[name])
    except ValueError as fault:
        raise _Malformed(f"{_join(path, name)} {fault}") from None


def _member(value: Any, name: str) -> Any:
    """Null if the value is no object, or has no such member."""
    return cast(dict[str, Any], value).get(name) if isinstance(value, dict) else None


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _as_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("is not an object")
    return cast(dict[str, Any], value)


def _text(value: Any) -> str:
    """At most 1,000 characters, without NUL and lone surrogates, which PostgreSQL cannot store."""
    if not isinstance(value, str) or not value:
        raise ValueError("is not a text")
    storable = value[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
    return storable.replace("\0", "\N{REPLACEMENT CHARACTER}")


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _LARGEST_NUMBER:
        raise ValueError("is not a number of an issue or milestone")
    return value


def _instant(value: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("is not an instant") from None
    if instant.tzinfo is None:
        raise ValueError("is an instant without a time zone")
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise ValueError("is not an instant") from None


def _day(value: Any) -> date:
    """GitHub prints a day as the instant of its begin in California: its UTC date is that day."""
    return _instant(value).date()
