"""What is special when labels change, and who carries which."""

from collections.abc import Sequence
from uuid import UUID

import strawberry

from portfolio.identity import parse_id, print_id
from portfolio.row import Row
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    Outcome,
    Payload,
    Retryable,
    UserErrorCode,
    entity_field,
    optional,
    reject,
    required,
)
from resolvers.engine.session import Target, Write
from resolvers.entity.change import Hooks
from resolvers.entity.exported import named
from resolvers.entity.line import BulkType
from runtime.events import Change
from schema import check
from schema.portfolio.initiative import Initiative
from schema.portfolio.product import Product

_MOST_LABELS = 50

_TAKEN = """
select id from label
where tenant_id = $1 and name_key = lower($2::text collate "C") and id is distinct from $3::uuid
"""
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


@strawberry.input(one_of=True, description="Exactly one name of a label.")
class LabelNameInput:
    id: strawberry.ID | None = optional("Id of the label.")
    name: str | None = optional("Name of the label, in any case.")


@strawberry.input(description="The labels that a product or an initiative carries.")
class LabelsSetInput(Retryable):
    subject_id: strawberry.ID = required("Product or initiative.")
    labels: list[LabelNameInput] = required("Labels that it carries from now on, at most 50, in place of those before.")


@strawberry.type(description="Answer to a change of what carries which labels.")
class LabelsPayload(Payload):
    product: Product | None = entity_field("Product as it is now; null for an initiative")
    initiative: Initiative | None = entity_field("Initiative as it is now; null for a product")


async def _refuse(write: Write, before: Row | None, after: Row) -> None:
    await write.hold("labels")
    taken_by = await write.connection.fetchval(_TAKEN, write.tenant_id, after["name"], before and before["id"])
    if taken_by is not None:
        raise reject(UserErrorCode.DUPLICATE, "There is a label of that name, perhaps an archived one.", "name")


HOOKS = Hooks(refuse=_refuse)


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
        write.record(f"{kind}_LABELED", target, [Change("labels", sorted(before.values()), sorted(after.values()))])
    return Outcome({kind.lower(): (kind, subject["id"])})


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
        row = await _find_label(write, item, index)
        if row is None:
            message = "There is no such label; make it with labelCreate."
            raise reject(UserErrorCode.NOT_FOUND, message, "labels", str(index))
        if row["archived_at"] is not None:
            raise reject(UserErrorCode.ARCHIVED, "That label is archived.", "labels", str(index))
        found[row["id"]] = row["name"]
    return found


async def _find_label(write: Write, item: LabelNameInput, index: int) -> Row | None:
    if item.id not in (None, strawberry.UNSET):
        parsed = parse_id(item.id)
        known = parsed[1] if parsed and parsed[0] == "LABEL" else None
        return await write.connection.fetchrow(_BY_ID, write.tenant_id, known)
    try:
        name = check.line(check.LONGEST_TEXT)(item.name or "")
    except ValueError as error:
        raise reject(UserErrorCode.INVALID, str(error), "labels", str(index), "name") from None
    return await write.connection.fetchrow(_BY_NAME, write.tenant_id, name)


# A list that lacks what is archived would take it away in an import: such a list is left out.
_LABELS = f"""
select 'labels' as type, s.name as subject, x.labels
from (select a.tenant_id, a.subject_id, array_agg(l.name order by l.name_key) as labels from label_assignment a
      join label l on l.tenant_id = a.tenant_id and l.id = a.label_id
      where a.tenant_id = $1 group by a.tenant_id, a.subject_id having bool_and(l.archived_at is null)) x
{named("subject_id", "product", "initiative")} order by s.place, s.key
"""

LINES = BulkType(
    "labels",
    "LABEL",
    "labelsSet",
    "labelsSet",
    _LABELS,
    identity=(),
    kinds={"subjectId": ("PRODUCT", "INITIATIVE")},
)
