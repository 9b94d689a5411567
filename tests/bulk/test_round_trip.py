"""What one organization exports, another one imports, and exports again: the same bytes."""

import json
from pathlib import Path
from typing import Any

import schema
from resolvers.bulk.types import bulk_types
from schema.entities import CHANGED
from schema.entity import SUBJECTS, Entity
from tests.bulk.office import Office, counts, read_lines
from tests.samples import ENTITY_OF_KIND, value_of

_WRITTEN = read_lines((Path(__file__).parent.parent / "data" / "bulk" / "everything.jsonl").read_bytes())


def _sampled(entity: Entity) -> dict[str, Any]:
    """A line with every member, as the declaration says them; what it names is the first that the file has."""
    line: dict[str, Any] = {"type": entity.line_name}
    for member in entity.members:
        kinds = ["PRODUCT"] if member.kinds == SUBJECTS else member.kinds
        if not kinds:
            line[member.public_name] = value_of(member)
            continue
        named = ENTITY_OF_KIND[kinds[0]].line_name
        key = next(written["key"] for written in _WRITTEN if written["type"] == named)
        line[member.public_name.removesuffix("Id")] = {named: key} if len(member.kinds) > 1 else key
    return {**line, "external": {"system": "JIRA", "id": f"sample-{entity.kind}"}} if entity.external else line


# Lines of every type, with every member that a line may have: those that the file has none of are sampled.
_EVERYTHING = _WRITTEN + [
    _sampled(entity)
    for entity in CHANGED
    if entity.line_name in {declared.name for declared in bulk_types()} - {line["type"] for line in _WRITTEN}
]
_CONTENT = b"\n".join(json.dumps(line, default=str).encode() for line in _EVERYTHING)

# Types of the schema that are no lines, and why.
_NO_LINES = {
    "ApiKey": "a secret, shown once",
    "Delivery": "what a tracker sent comes from the tracker",
    "WorkItem": "what a tracker sent comes from the tracker",
    "Event": "an import writes its own",
    "Job": "imports and exports themselves",
    "KpiTarget": "the one in force is a member of the KPI's line; what was in force before is history",
}


def test_every_type_of_the_schema_has_lines_or_a_reason():
    names = {cls.__name__ for cls in schema.ENTITIES}
    lines = {name[0].lower() + name[1:] for name in names - _NO_LINES.keys()}
    assert _NO_LINES.keys() <= names
    # What is no type of its own but belongs to several objects.
    assert {declared.name for declared in bulk_types()} - lines == {"labels", "customFieldValue"}
    assert lines <= {declared.name for declared in bulk_types()}
    assert {line["type"] for line in _EVERYTHING} == {declared.name for declared in bulk_types()}


async def test_an_export_is_imported_from_top_to_bottom_and_exported_alike(office: Office, other: Office):
    job = await office.imported(_CONTENT)
    assert await office.errors(job["id"]) == []
    first = await office.exported()
    assert {line["type"] for line in read_lines(first)} == {declared.name for declared in bulk_types()}
    job = await other.imported(first)
    assert await other.errors(job["id"]) == []
    assert job["line_count"] == job["lines_done"] == len(_EVERYTHING)
    assert await other.exported() == first


async def test_an_export_imported_where_it_came_from_changes_nothing(office: Office):
    await office.imported(_CONTENT)
    first = await office.exported()
    job = await office.imported(first)
    assert counts(job) == (0, 0, len(_EVERYTHING), 0)
    assert await office.exported() == first


async def test_an_export_may_hold_some_types_only(office: Office):
    await office.imported(_CONTENT)
    assert [line["key"] for line in read_lines(await office.exported("product"))] == ["ASSIST", "CHURN"]


async def test_what_is_archived_is_left_out_with_all_that_belongs_to_it(office: Office, other: Office):
    await office.imported(_CONTENT)
    for table in ("product", "initiative", "person", "team"):
        keys = {"product": "CHURN", "initiative": "AUDIT", "person": "grace", "team": "CORE"}
        [row] = await office.tenant.rows(f"select id from {table} where key = $1", keys[table])
        await office.tenant.rows(f"update {table} set archived_at = now() where id = $1", row["id"])
    exported = await office.exported()
    told = read_lines(exported)
    assert not any(name in str(told) for name in ("'CHURN'", "'AUDIT'", "'grace'", "'CORE'", "'USERS'"))
    job = await other.imported(exported)
    assert await other.errors(job["id"]) == []
    assert [_said(line) for line in read_lines(await other.exported())] == [_said(line) for line in told]


def _said(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if value not in (None, [])}


async def test_what_is_archived_is_not_taken_away_by_an_export_imported_where_it_came_from(office: Office):
    await office.imported(_CONTENT)
    for table in ("product", "person", "label", "service_account", "team"):
        await office.tenant.rows(
            f"update {table} set archived_at = now() where id = (select id from {table} where tenant_id = $1"
            " order by id desc limit 1)",
            office.tenant.id,
        )
    before = await _ends(office)
    job = await office.imported(await office.exported())
    assert await office.errors(job["id"]) == []
    assert (job["created_count"], job["changed_count"]) == (0, 0)
    assert await _ends(office) == before


async def _ends(office: Office) -> list[list[dict[str, Any]]]:
    statements = (
        "select id, owner_id from product order by 1",
        "select id, owner_id from portfolio order by 1",
        "select id, owner_id from initiative order by 1",
        "select id, lead_id from team order by 1",
        "select subject_id, label_id from label_assignment order by 1, 2",
        "select initiative_id, product_id from initiative_product order by 1, 2",
        "select id, service_account_id from external_link order by 1",
    )
    return [await office.tenant.rows(statement) for statement in statements]
