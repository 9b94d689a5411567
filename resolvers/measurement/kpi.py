"""How KPIs change."""

from datetime import date
from typing import Any
from uuid import UUID

import strawberry

from portfolio.enumerations import KpiCategory, KpiDirection, KpiValueMode
from resolvers.engine.archive import archive, refuse_archived, restore
from resolvers.engine.external import (
    ExternalReferenceInput,
    UpsertInput,
    linkable,
    refer_externally,
    refuse_moved,
    upsert,
)
from resolvers.engine.member import Member, differences, read_members
from resolvers.engine.mutation import mutation
from resolvers.engine.outcome import (
    NodeInput,
    Outcome,
    Payload,
    Retryable,
    entity_field,
    optional,
    required,
)
from resolvers.engine.session import Row, Target, Write
from resolvers.engine.subject import read_subject
from resolvers.measurement.kpi_target import (
    KpiTargetInput,
    TargetMembers,
    put_in_force,
    read_target,
    refuse_unscorable,
    target_in_force,
)
from runtime.events import Change as FieldChange
from schema import check
from schema.measurement.kpi import Kpi

_MEMBERS = (
    Member("key", check.key, nullable=False),
    Member("name", check.line(), nullable=False, private=True),
    Member("description", check.text, private=True),
    Member("category", nullable=False),
    Member("unit", check.line(32), nullable=False),
    Member("direction", nullable=False),
    Member("value_mode", default=KpiValueMode.LAST, nullable=False),
    Member("cadence_days", check.whole(1, 3650)),
    Member("weight", check.whole(1, 1000), default=1, nullable=False),
    Member("required", default=False, nullable=False),
    Member("critical", default=False, nullable=False),
    Member("waived_through_on", check.day, column="waived_until"),
)
linkable("KPI", _MEMBERS, "target", "customFields", subject="subject_id")
_NO_WEIGHT_IN_HEALTH = ("key", "name", "description", "unit")

_INSERT = """
insert into kpi (tenant_id, id, created_at, updated_at, created_on, subject_id, key, name, description, category, unit,
                 direction, value_mode, cadence_days, weight, required, critical, waived_until)
values ($1, $2, $3, $3, organization_day($3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
_UPDATE = """
update kpi set version = version + 1, updated_at = $3, key = $4, name = $5, description = $6, category = $7, unit = $8,
               direction = $9, value_mode = $10, cadence_days = $11, weight = $12, required = $13, critical = $14,
               waived_until = $15
where tenant_id = $1 and id = $2
"""

_SUBJECT = "What the KPI measures: the organization, a portfolio, a product or an initiative."


@strawberry.input
class _KpiInput:
    description: str | None = optional("How it is measured, in Markdown, at most 20,000 characters; null: not said.")
    value_mode: KpiValueMode | None = optional(
        "How the value of a day is taken from the measurements; a new KPI: LAST."
    )
    cadence_days: int | None = optional("Days within which a new value is expected, 1 to 3650; null: the policy's, 30.")
    weight: int | None = optional("Weight among the KPIs of its dimension, 1 to 1000; a new KPI: 1.")
    required: bool | None = optional("Whether a missing value lowers the score; a new KPI: false.")
    critical: bool | None = optional("Whether a red value caps the score, which implies required; a new KPI: false.")
    waived_through_on: date | None = optional("Last day on which the KPI is left out of health; null: it counts.")
    target: KpiTargetInput | None = optional(
        "Target from now on, as a whole; absent or null: the one in force, or none."
    )


@strawberry.input
class _KpiChanges(_KpiInput):
    key: str | None = optional(check.KEY)
    name: str | None = optional("Display name, 1 to 200 characters.")
    category: KpiCategory | None = optional("What kind of outcome it is.")
    unit: str | None = optional("Unit of its values, such as % or ms, 1 to 32 characters.")
    direction: KpiDirection | None = optional(
        "Which values are good; changed together with the target where that no longer fits."
    )


@strawberry.input(description="A new KPI.")
class KpiCreateInput(_KpiInput, Retryable):
    subject_id: strawberry.ID = required(_SUBJECT)
    key: str = required(check.KEY)
    name: str = required("Display name, 1 to 200 characters.")
    category: KpiCategory = required("What kind of outcome it is.")
    unit: str = required("Unit of its values, such as % or ms, 1 to 32 characters.")
    direction: KpiDirection = required("Which values are good.")
    external: ExternalReferenceInput | None = optional("Name in another system; null: none.")


@strawberry.input(description="Changes of a KPI: an absent member stays, null clears.")
class KpiUpdateInput(_KpiChanges, NodeInput):
    pass


@strawberry.input(
    description="A KPI by its name in another system: made if there is none, else changed. An "
    "absent member stays as it is, null clears; a new KPI needs key, name, subjectId, category, "
    "unit and direction."
)
class KpiUpsertInput(_KpiChanges, UpsertInput):
    subject_id: strawberry.ID | None = optional(f"{_SUBJECT} It stays the same for ever.")


@strawberry.input(
    description="A new target of a KPI as a whole, in place of the one in force: an absent member "
    "is none. Values have the KPI's unit."
)
class KpiTargetSetInput(TargetMembers, Retryable):
    kpi_id: strawberry.ID = required("KPI whose target it is.")
    version: int | None = optional("Version of the KPI that you saw; null: whichever it has now.")


@strawberry.type(description="Answer to a change of a KPI.")
class KpiPayload(Payload):
    kpi: Kpi | None = entity_field("KPI as it is now")


@mutation(KpiPayload)
async def kpi_create(write: Write, input: KpiCreateInput) -> Outcome:
    """Add a KPI to what it measures, with a target if it has one."""
    return _answer(await _insert(write, input))


@mutation(KpiPayload)
async def kpi_update(write: Write, input: KpiUpdateInput) -> Outcome:
    """Change a KPI's definition."""
    row = await write.find_for_change("KPI", "kpi", input)
    await _change(write, row, input)
    return _answer(row["id"])


@mutation(KpiPayload)
async def kpi_upsert(write: Write, input: KpiUpsertInput) -> Outcome:
    """Make or change a KPI by the name that another system gives it."""
    return _answer(await upsert(write, "KPI", input, _insert, _change))


@mutation(KpiPayload)
async def kpi_target_set(write: Write, input: KpiTargetSetInput) -> Outcome:
    """Set a KPI's target from now on; the one before is kept as a superseded version."""
    row = await write.find_version("KPI", "kpi", input.kpi_id, input.version)
    refuse_archived("KPI", row)
    after = await read_target(write, input)
    assert after is not None
    refuse_unscorable(row["direction"], after)
    before = await target_in_force(write, row["id"])
    changes = await put_in_force(write, row["id"], before, after)
    if changes:
        values = {member.stored_in: row[member.stored_in] for member in _MEMBERS}
        await write.execute(_UPDATE, row["id"], write.now, *values.values())
        write.record("KPI_TARGET_SET", _target(row["id"], row), changes)
        write.mark(row["subject_id"])
    return _answer(row["id"])


@mutation(KpiPayload)
async def kpi_archive(write: Write, input: NodeInput) -> Outcome:
    """Take a KPI out of lists and out of health; its measurements are kept. Safe to repeat."""
    row = await write.find_for_change("KPI", "kpi", input)
    if await archive(write, _target(row["id"], row), row):
        write.mark(row["subject_id"])
    return _answer(row["id"])


@mutation(KpiPayload)
async def kpi_restore(write: Write, input: NodeInput) -> Outcome:
    """Bring back an archived KPI. Safe to repeat."""
    row = await write.find_for_change("KPI", "kpi", input)
    if await restore(write, _target(row["id"], row), row):
        write.mark(row["subject_id"])
    return _answer(row["id"])


async def _insert(write: Write, input: Any) -> UUID:
    values = await read_members(write, _MEMBERS, input)
    subject = await read_subject(write, input.subject_id)
    target = await read_target(write, input.target)
    refuse_unscorable(values["direction"], target)
    id = write.new_id()
    await write.execute(_INSERT, id, write.now, subject["id"], *values.values())
    set_target = [] if target is None else await put_in_force(write, id, None, target)
    about = FieldChange("subjectId", None, input.subject_id)
    changes = [about, *differences(_MEMBERS, None, values), *set_target]
    home = {"subject_id": subject["id"], "home_id": subject["home_id"]}
    write.record("KPI_CREATED", _target(id, home), changes)
    await refer_externally(write, _target(id, home), input.external)
    write.mark(subject["id"])
    return id


async def _change(write: Write, row: Row, input: Any) -> None:
    refuse_archived("KPI", row)
    await refuse_moved(write, "KPI", row, input, "subject_id")
    values = await read_members(write, _MEMBERS, input, row)
    before = await target_in_force(write, row["id"])
    target = await read_target(write, input.target)
    refuse_unscorable(values["direction"], before if target is None else target)
    changes = differences(_MEMBERS, row, values)
    if target is not None:
        changes += await put_in_force(write, row["id"], before, target)
    if not changes:
        return
    await write.execute(_UPDATE, row["id"], write.now, *values.values())
    write.record("KPI_UPDATED", _target(row["id"], row), changes)
    if any(change.field not in _NO_WEIGHT_IN_HEALTH for change in changes):
        write.mark(row["subject_id"])


def _target(id: UUID, row: Row) -> Target:
    return Target("KPI", id, subject_id=row["subject_id"], portfolio_id=row["home_id"])


def _answer(id: UUID) -> Outcome:
    return Outcome({"kpi": ("KPI", id)})
