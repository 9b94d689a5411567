"""How labels change, and who carries which."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import strawberry

from portfolio.identity import parse_id, print_id
from resolvers.engine.archive import archive, refuse_archived, restore
from resolvers.engine.external import ExternalReferenceInput, UpsertInput, linkable, refer_externally, upsert
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    NodeInput,
    Outcome,
    Payload,
    Retryable,
    UserErrorCode,
    entity_field,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Row, Target, Write
from runtime.events import Change as FieldChange
from schema import check
from schema.portfolio.initiative import Initiative
from schema.portfolio.label import Label
from schema.portfolio.product import Product

_MOST_LABELS = 50
_MEMBERS = (
    Member("name", check.line(50), nullable=False),
    Member("color", check.color, default="#808080", nullable=False),
)
linkable("LABEL", _MEMBERS)

_INSERT = """
insert into label (tenant_id, id, created_at, updated_at, name, color) values ($1, $2, $3, $3, $4, $5)
"""
_UPDATE = """
update label set version = version + 1, updated_at = $3, name = $4, color = $5 where tenant_id = $1 and id = $2
"""
_TAKEN = 'select id from label where tenant_id = $1 and name_key = lower($2::text collate "C") and id <> $3'
_BY_ID = "select id, name, archived_at from label where tenant_id = $1 and id = $2 for key share"
_BY_NAME = """
select id, name, archived_at from label where tenant_id = $1 and name_key = lower($2::text collate "C") for key share
"""
_CARRIED = """
select l.id, l.name from label_assignment a join label l on l.tenant_id = a.tenant_id and l.id = a.label_id
where a.tenant_id = $1 and a.subject_id = $2
"""
_TAKE = "delete from label_assignment where tenant_id = $1 and subject_id = $2 and label_id = any ($3::uuid[])"
_GIVE = """
insert into label_assignment (tenant_id, subject_id, subject_kind, label_id)
select $1::uuid, $2::uuid, $3::text, id from unnest($4::uuid[]) as id
"""

_NAME = "The word, 1 to 50 characters, unique in the organization in any case."
_COLOR = "Color for screens, as #RRGGBB"


@strawberry.input(description="A new label.")
class LabelCreateInput(Retryable):
    name: str = required(_NAME)
    color: str | None = optional(f"{_COLOR}; a new label: #808080.")
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="Changes of a label: an absent member stays.")
class LabelUpdateInput(NodeInput):
    name: str | None = optional(_NAME)
    color: str | None = optional(f"{_COLOR}.")


@strawberry.input(
    description="A label by its name in another system: made if there is none, else changed. An absent member stays as "
    "it is; a new label needs a name."
)
class LabelUpsertInput(UpsertInput):
    name: str | None = optional(_NAME)
    color: str | None = optional(f"{_COLOR}; a new label: #808080.")


@strawberry.input(one_of=True, description="Exactly one name of a label.")
class LabelNameInput:
    id: strawberry.ID | None = optional("Id of the label.")
    name: str | None = optional("Name of the label, in any case.")


@strawberry.input(description="The labels that a product or an initiative carries.")
class LabelsSetInput(Retryable):
    subject_id: strawberry.ID = required("Product or initiative.")
    labels: list[LabelNameInput] = required("Labels that it carries from now on, at most 50, in place of those before.")


@strawberry.type(description="Answer to a change of a label.")
class LabelPayload(Payload):
    label: Label | None = entity_field("Label as it is now")


@strawberry.type(description="Answer to a change of what carries which labels.")
class LabelsPayload(Payload):
    product: Product | None = entity_field("Product as it is now; null for an initiative")
    initiative: Initiative | None = entity_field("Initiative as it is now; null for a product")


@mutation(LabelPayload, tenant_wide=True)
async def label_create(write: Write, input: LabelCreateInput) -> Outcome:
    """Add a label to the organization."""
    return _answer(await _insert(write, input))


@mutation(LabelPayload, tenant_wide=True)
async def label_update(write: Write, input: LabelUpdateInput) -> Outcome:
    """Change the word or the color of a label, wherever it is carried."""
    row = await write.find_for_change("LABEL", "label", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(LabelPayload, tenant_wide=True)
async def label_upsert(write: Write, input: LabelUpsertInput) -> Outcome:
    """Make or change a label by the name that another system gives it."""
    return _answer(await upsert(write, "LABEL", input, _insert, _change))


@mutation(LabelPayload, tenant_wide=True)
async def label_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a label out of lists; what carries it keeps it, unseen. Safe to repeat."""
    row = await write.find_for_change("LABEL", "label", input)
    await archive(write, Target("LABEL", row["id"]), row)
    return _answer(row["id"])


@mutation(LabelPayload, tenant_wide=True)
async def label_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived label, on all that carries it. Safe to repeat."""
    row = await write.find_for_change("LABEL", "label", input)
    await restore(write, Target("LABEL", row["id"]), row)
    return _answer(row["id"])


@mutation(LabelsPayload)
async def labels_set(write: Write, input: LabelsSetInput) -> Outcome:
    """Let a product or an initiative carry these labels and no others. Safe to repeat."""
    kind, subject = await _read_subject(write, input.subject_id)
    after = await _read_labels(write, input.labels)
    before = {row["id"]: row["name"] for row in await write.connection.fetch(_CARRIED, write.tenant_id, subject["id"])}
    if before.keys() != after.keys():
        await write.execute(_TAKE, subject["id"], sorted(before.keys() - after.keys()))
        await write.execute(_GIVE, subject["id"], kind, sorted(after.keys() - before.keys()))
        target = Target(kind, subject["id"], subject_id=subject["id"], portfolio_id=subject["home_id"])
        write.record(
            f"{kind}_LABELED", target, [FieldChange("labels", sorted(before.values()), sorted(after.values()))]
        )
    return Outcome({kind.lower(): (kind, subject["id"])})


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    id = write.new_id()
    await _refuse_taken(write, values["name"], id)
    await write.execute(_INSERT, id, write.now, *values.values())
    write.record("LABEL_CREATED", Target("LABEL", id), differences(_MEMBERS, None, values))
    await refer_externally(write, Target("LABEL", id), input.external)
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    refuse_archived("LABEL", row)
    values = await read_members(write, _MEMBERS, input, row)
    await _refuse_taken(write, values["name"], row["id"])
    changes = differences(_MEMBERS, row, values)
    if changes:
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("LABEL_UPDATED", Target("LABEL", row["id"]), changes)


async def _read_subject(write: Write, public_id: str) -> tuple[str, Row]:
    kind = (parse_id(public_id) or ("", None))[0]
    # Locked: two changes of what one object carries come one after the other.
    row = await write.find(kind, public_id) if kind in ("PRODUCT", "INITIATIVE") else None
    if row is None:
        raise reject(UserErrorCode.NOT_FOUND, "There is no such product or initiative.", "subjectId")
    if row["archived_at"] is not None:
        raise reject(UserErrorCode.ARCHIVED, f"{print_id(kind, row['id'])} is archived; restore it first.", "subjectId")
    return kind, row


async def _read_labels(write: Write, given: Sequence[LabelNameInput]) -> dict[UUID, str]:
    """Names by id; a label that is named twice is carried once."""
    if len(given) > _MOST_LABELS:
        raise reject(UserErrorCode.LIMIT_EXCEEDED, f"An object carries at most {_MOST_LABELS} labels.", "labels")
    found: dict[UUID, str] = {}
    for index, item in enumerate(given):
        row = await _find_label(write, item)
        if row is None:
            message = "There is no such label; make it with labelCreate."
            raise reject(UserErrorCode.NOT_FOUND, message, "labels", str(index))
        if row["archived_at"] is not None:
            raise reject(UserErrorCode.ARCHIVED, "That label is archived.", "labels", str(index))
        found[row["id"]] = row["name"]
    return found


async def _find_label(write: Write, item: LabelNameInput) -> Row | None:
    if item.id not in (None, strawberry.UNSET):
        parsed = parse_id(item.id)
        known = parsed[1] if parsed and parsed[0] == "LABEL" else None
        return await write.connection.fetchrow(_BY_ID, write.tenant_id, known)
    return await write.connection.fetchrow(_BY_NAME, write.tenant_id, check.text(item.name or ""))


async def _refuse_taken(write: Write, name: str, id: UUID) -> None:
    await write.hold("labels")
    if await write.connection.fetchval(_TAKEN, write.tenant_id, name, id) is not None:
        raise reject(UserErrorCode.DUPLICATE, "There is a label of that name, perhaps an archived one.", "name")


def _answer(id: UUID) -> Outcome:
    return Outcome({"label": ("LABEL", id)})
