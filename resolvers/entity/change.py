"""How any object of a declared entity is made, changed, archived and restored.

`productUpdate`, from its arguments to SQL: `EntityChange.update` below finds the row, reads the members that
schema/portfolio/product.py declares, and runs the statement that resolvers/entity/statements.py made of them. What is
special about an entity is a function of its own file in resolvers/, called at the points that `Hooks` names.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from portfolio.row import Row
from resolvers.engine.mutation import DeclaredMutation, declare_change
from resolvers.engine.outcome import ChangeWarning, NodeInput, Outcome
from resolvers.engine.session import Target, Write
from resolvers.entity import inputs
from resolvers.entity.archive import archive, refuse_archived, refuse_archived_above, restore
from resolvers.entity.external import find_by_external, refer_externally, refuse_moved
from resolvers.entity.member import differences, read_members
from resolvers.entity.statements import statements
from runtime.events import Change
from schema.entity import Entity, entity_of


async def _nothing(*_: Any) -> None:
    return None


async def _nothing_told(*_: Any) -> Sequence[Any]:
    return ()


@dataclass(frozen=True)
class Hooks:
    """What is special when objects of an entity change; what is left out is not special.

    hold(write, input): first of all, before any row is locked.
    same(write, values): the row that a new object would repeat, which is then changed instead.
    refuse(write, before, after): raises Rejection for values that do not go together. before: null for a new object.
    store(write, row, before, input): keeps what no column of the object keeps, before the event is told; returns what
    the event tells of it. row: the object as it is from now on.
    stored(write, row, before): what follows when something moved, such as a tree's closure.
    mark(write, row, before): nodes whose health moves, beside those in the columns that the entity declares.
    warn(write, row): what is worth knowing of an object that was made or changed.
    archiving(write, row), restoring(write, row): raises Rejection for what stands against it.
    archived(write, target, row): what goes with it, also when it was archived already.
    """

    hold: Callable[[Write, Any], Awaitable[None]] = _nothing
    same: Callable[[Write, Row], Awaitable[Row | None]] = _nothing
    refuse: Callable[[Write, Row | None, Row], Awaitable[None]] = _nothing
    store: Callable[[Write, Row, Row | None, Any], Awaitable[Sequence[Change]]] = _nothing_told
    stored: Callable[[Write, Row, Row | None], Awaitable[None]] = _nothing
    mark: Callable[[Write, Row, Row | None], Awaitable[None]] = _nothing
    warn: Callable[[Write, Row], Awaitable[Sequence[ChangeWarning]]] = _nothing_told
    archiving: Callable[[Write, Row], Awaitable[None]] = _nothing
    restoring: Callable[[Write, Row], Awaitable[None]] = _nothing
    archived: Callable[[Write, Target, Row], Awaitable[None]] = _nothing


class EntityChange:
    """The changes of one entity."""

    def __init__(self, type_: Any, hooks: Hooks | None = None) -> None:
        self.entity: Entity = entity_of(type_)
        self.hooks = hooks or Hooks()
        self.statements = statements(self.entity)
        self.payload = inputs.payload(self.entity)
        self.answers_as = to_camel_case(self.entity.payload_field)

    # Mutations ---------------------------------------------------------------------------------

    async def create(self, write: Write, input: Any) -> Outcome:
        await self.hooks.hold(write, input)
        return await self.answer_with_warnings(write, await self.insert(write, input))

    async def update(self, write: Write, input: Any) -> Outcome:
        await self.hooks.hold(write, input)
        row = await self.find(write, input)
        return await self.answer_with_warnings(write, await self.change(write, row, input))

    async def upsert(self, write: Write, input: Any) -> Outcome:
        await self.hooks.hold(write, input)
        row = await find_by_external(write, self.entity.kind, input)
        made = await self.insert(write, input) if row is None else await self.change(write, row, input)
        return await self.answer_with_warnings(write, made)

    async def archive(self, write: Write, input: NodeInput) -> Outcome:
        await self.hooks.hold(write, input)
        row = await self.find(write, input)
        await self.hooks.archiving(write, row)
        target = self.target(row)
        if await archive(write, target, row):
            await self._mark(write, row, None)
        await self.hooks.archived(write, target, row)
        return self.answer(row["id"])

    async def restore(self, write: Write, input: NodeInput) -> Outcome:
        await self.hooks.hold(write, input)
        row = await self.find(write, input)
        if self.entity.below:
            await self._refuse_archived_above(write, row, self.entity.below)
        await self.hooks.restoring(write, row)
        if await restore(write, self.target(row), row):
            await self._mark(write, row, None)
        return self.answer(row["id"])

    # Steps -------------------------------------------------------------------------------------

    async def find(self, write: Write, input: Any) -> Row:
        """Raises NOT_FOUND or STALE_VERSION."""
        return await write.find_for_change(self.entity.kind, self.answers_as, input)

    async def insert(self, write: Write, input: Any) -> Row:
        """The row that is there from now on. Raises Rejection with all that is wrong with its members."""
        entity = self.entity
        values = await read_members(write, entity.stored, input)
        same = await self.hooks.same(write, values)
        if same is not None:
            row = await self.change(write, same, input)
        else:
            await self.hooks.refuse(write, None, values)
            row = {"id": write.new_id(), **values}
            row["home_id"] = self._home(write, row)
            await write.execute(self.statements.insert, row["id"], write.now, *values.values())
            kept = await self.hooks.store(write, row, None, input)
            await self.hooks.stored(write, row, None)
            told = [*self._told_once(input), *differences(entity.stored, None, values), *kept]
            write.record(f"{entity.kind}_{_past(entity.verb)}", self.target(row), told)
            await self._mark(write, row, None)
        if entity.external:
            await refer_externally(write, self.target(row), input.external)
        return row

    async def change(self, write: Write, row: Row, input: Any) -> Row:
        """As the input says, what it does not name staying as it is."""
        refuse_archived(self.entity, row)
        await refuse_moved(write, self.entity.kind, row, input, self.entity.fixed)
        values = await read_members(write, self.entity.changeable, input, row)
        return await self.apply(write, row, values, input)

    async def apply(self, write: Write, before: Row, values: Row, input: Any = None, past: str = "UPDATED") -> Row:
        """Makes the changeable members what `values` says; nothing is written or told when nothing moved."""
        row = {**before, **values}
        if self.entity.home not in (None, "id"):
            row["home_id"] = row[self.entity.home]
        await self.hooks.refuse(write, before, row)
        kept = await self.hooks.store(write, row, before, input)
        told = [*differences(self.entity.changeable, before, row), *kept]
        if told:
            assert self.statements.update is not None
            stored = (row[member.stored_in] for member in self.entity.changeable)
            await write.execute(self.statements.update, row["id"], write.now, *stored)
            await self.hooks.stored(write, row, before)
            write.record(f"{self.entity.kind}_{past}", self.target(row), told)
            if self._weighs({change.field for change in told}):
                await self._mark(write, row, before)
        return row

    def target(self, row: Row) -> Target:
        """What events of the object are about."""
        about = self.entity.about
        return Target(self.entity.kind, row["id"], row[about] if about else None, row["home_id"])

    def answer(self, id: UUID, warnings: Sequence[ChangeWarning] = ()) -> Outcome:
        return Outcome({self.answers_as: (self.entity.kind, id)}, warnings=warnings)

    async def answer_with_warnings(self, write: Write, row: Row) -> Outcome:
        return self.answer(row["id"], await self.hooks.warn(write, row) if write.has_changed else ())

    async def _refuse_archived_above(self, write: Write, row: Row, column: str) -> None:
        [kind] = next(member.kinds for member in self.entity.members if member.stored_in == column)
        await refuse_archived_above(write, self.entity.kind, kind, row[column])

    def _home(self, write: Write, row: Row) -> UUID | None:
        if self.entity.home is not None:
            return row[self.entity.home]
        return write.home_of(row[self.entity.subject]) if self.entity.subject else None

    def _told_once(self, input: Any) -> Iterator[Change]:
        """Ids of one of several kinds, as the input gave them."""
        for member in self.entity.fixed:
            if len(member.kinds) > 1:
                yield Change(member.public_name, None, getattr(input, member.name))

    def _weighs(self, fields: set[str]) -> bool:
        return any(member.told_as in fields for member in self.entity.members if member.weighs)

    async def _mark(self, write: Write, row: Row, before: Row | None) -> None:
        await self.hooks.mark(write, row, before)
        for column in self.entity.marks:
            write.mark(row[column], *([] if before is None else [before[column]]))

    # Fields of the mutation root -----------------------------------------------------------------

    def fields(self) -> Iterator[StrawberryField]:
        """Those that the entity declares, described as it says."""
        entity = self.entity
        for verb, input_type, run, says in (
            (entity.verb, inputs.create_input, self.create, entity.create),
            ("update", inputs.update_input, self.update, entity.update),
            ("upsert", inputs.upsert_input, self.upsert, entity.upsert),
            ("archive", inputs.node_input, self.archive, entity.archive),
            ("restore", inputs.node_input, self.restore, entity.restore),
        ):
            if says is not None:
                name = f"{entity.payload_field}_{verb}"
                change = DeclaredMutation(run, entity.scope, name, input_type(entity), tenant_wide=entity.tenant_wide)
                yield declare_change(change, self.payload, says)


def _past(verb: str) -> str:
    return f"{verb}d".upper() if verb.endswith("e") else f"{verb}ed".upper()
