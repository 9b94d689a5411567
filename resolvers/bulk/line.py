"""A line of an import, applied through the same changes as the API's mutations."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from graphql import (
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    coerce_input_value,
    get_named_type,
    is_required_input_field,
    validate_input_value,
)
from strawberry.types.arguments import convert_arguments

from compiler.declare import snake_case
from compiler.graphql_types import BACKREF
from portfolio.identity import parse_id, print_id
from portfolio.row import Row
from resolvers.bulk.line_text import Values
from resolvers.bulk.members import LineMember, members_of, public_name, with_ids
from resolvers.bulk.names import NOBODY, Name, Names, read_name
from resolvers.engine.execute import Schema
from resolvers.engine.mutation import DeclaredMutation
from resolvers.engine.outcome import ExternalReferenceInput, Outcome, Rejection, UserError, UserErrorCode, reject
from resolvers.engine.session import Write
from resolvers.entity.external import find_by_external
from resolvers.entity.line import BulkType
from schema import check
from schema.entity import spoken

_log = structlog.get_logger()

_UNSTORABLE = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError)


@dataclass(frozen=True)
class Mutation:
    """A mutation as it takes a plain input object."""

    change: DeclaredMutation
    input_type: GraphQLInputObjectType
    convert: Any

    def prepare(self, values: Values) -> Any:
        """The arguments. Raises Rejection with all that does not fit the input's type."""
        missing = [
            UserError(code=UserErrorCode.REQUIRED, message=f"{public_name(name)} is required.", field=["input", name])
            for name, field in self.input_type.fields.items()
            if is_required_input_field(field) and values.get(name) is None
        ]
        return self.convert(coerced(self.input_type, values, missing))


def coerced(type_: GraphQLInputType, value: Any, errors: list[UserError], *path: str) -> Any:
    """Raises Rejection with the errors, and with what validation has against the value."""
    found = list(errors)

    def hear(fault: Any, at: list[str | int]) -> None:
        where = ["input", *path, *map(str, at)]
        found.append(UserError(code=UserErrorCode.INVALID, message=fault.message, field=where))

    if not errors:
        validate_input_value(value, type_, hear, hide_suggestions=True)
    if found:
        raise Rejection(Outcome(user_errors=found))
    return coerce_input_value(value, type_)


class LineType:
    """A BulkType on the mutations of the schema."""

    def __init__(self, declared: BulkType, schema: Schema) -> None:
        self.declared = declared
        self.create = _mutation(schema, declared.create)
        self.update = _mutation(schema, declared.update) if declared.update else None
        inputs = [self.create.input_type, *([self.update.input_type] if self.update else [])]
        self.members: dict[str, LineMember] = {}
        for input_type in inputs:
            self.members |= members_of(input_type, declared)

    async def apply(self, write: Write, names: Names, given: Values) -> str:
        """CREATED, CHANGED or UNCHANGED. Raises Rejection."""
        _permit(write, self.create.change, tenant_wide=self.declared.tenant_wide)
        values = await self._translate(names, given)
        if self.declared.create == self.declared.update:
            found = await self._find(write, names, values) if self.declared.identity else {}
            await self._run(write, self.create, values)
        else:
            found = await self._find(write, names, values)
            await (self._make(write, values) if found is None else self._change(write, found, values))
        if found is None:
            return "CREATED"
        return "CHANGED" if write.has_changed else "UNCHANGED"

    def name(self, given: Values) -> Iterator[Name]:
        """Names that later lines may use for the object of this one."""
        if self.declared.identity == ("key",) and isinstance(given.get("key"), str):
            yield (self.declared.kind, given["key"])
        elif self.declared.kind == "LABEL" and isinstance(given.get("name"), str):
            yield ("LABEL", given["name"].lower())
        if isinstance(given.get("external"), dict):
            yield read_name(self.declared.kind, {"external": _identity_of(given["external"])}, ("external",))

    async def _translate(self, names: Names, given: Values) -> Values:
        unknown = given.keys() - self.members.keys() - {"type"}
        if unknown:
            name = min(unknown)
            known = ", ".join(sorted(self.members))
            message = f"A line of type {self.declared.name} has no member {name[:100]!r}; it has {known}."
            raise reject(UserErrorCode.INVALID, message, name[:100])
        said = {
            self.members[name].field: await with_ids(names, self.members[name], value, (self.members[name].field,))
            for name, value in given.items()
            if name != "type"
        }
        return {**said, **self.declared.always}

    async def _find(self, write: Write, names: Names, values: Values) -> Row | None:
        """The object that the line is about, by its external name or by what it is known by."""
        declared = self.declared
        external = values.get("external")
        if isinstance(external, dict):
            # The line speaks for that system, which may own some of the object's fields.
            name = read_name(declared.kind, {"external": _identity_of(external)}, ("external",))
            write.system = name[1]
            if await names.find(name) is not None:
                given = coerced(self.create.input_type.fields["external"].type, external, [], "external")
                named = SimpleNamespace(external=ExternalReferenceInput(**given), version=None)
                return await find_by_external(write, declared.kind, named)
            if self.update is None:
                # Of two that are known by the same, each has a name of its own there.
                return None
        row = await self._look_up(write, names, values)
        # What the viewer does not see is as if it were not there; of a record without versions, its subject was seen.
        if row is not None and "version" in row:
            row = await write.lock(declared.kind, row["id"])
        if row is not None and isinstance(external, dict):
            message = (
                f"The {spoken(declared.kind)} of that key has no such external reference; an externalLink adds it."
            )
            raise reject(UserErrorCode.CONFLICT, message, "external")
        return row

    async def _look_up(self, write: Write, names: Names, values: Values) -> Row | None:
        """By what it is known by. Raises CONFLICT when several are."""
        known_by = [self._identity(name, values) for name in self.declared.identity]
        if self.declared.identity != ("key",) and self.declared.create != self.declared.update:
            # No index may forbid a second one: whoever makes it at the same time waits.
            await write.hold(f"{self.declared.name} {known_by}")
        columns = [snake_case(name) for name in self.declared.identity]
        compared = (f"x.{column} is not distinct from ${place}" for place, column in enumerate(columns, 2))
        condition = self.declared.match or " and ".join(compared)
        statement = (
            f"select x.* from {self.declared.table} x where x.tenant_id = $1 and {condition} and {self.declared.where}"
        )
        look_up = (f"{statement} order by x.id limit 2", write.tenant_id, *known_by)
        rows = await write.connection.fetch(*look_up)
        if not rows and len(known_by) == 1 and await names.came_earlier((self.declared.kind, known_by[0])):
            rows = await write.connection.fetch(*look_up)
        if len(rows) > 1 and self.update is not None:
            message = f"Several are known by this; say which {spoken(self.declared.kind)} by its external name."
            raise reject(UserErrorCode.CONFLICT, message, self.declared.identity[-1])
        return rows[0] if rows else None

    def _identity(self, name: str, values: Values) -> Any:
        type_ = self.create.input_type.fields[name].type
        value = values.get(name)
        if value is None:
            if isinstance(type_, GraphQLNonNull) or name in self.declared.needed:
                raise reject(
                    UserErrorCode.REQUIRED, f"{public_name(name)} is required: the object is known by it.", name
                )
            return None
        try:
            stored = _stored(type_, coerced(type_, value, [], name))
            return check.line(check.LONGEST_TEXT)(stored) if isinstance(stored, str) else stored
        except ValueError as error:
            raise reject(UserErrorCode.INVALID, str(error), name) from None

    async def _make(self, write: Write, values: Values) -> None:
        known = self.create.input_type.fields
        if values.get("version") is not None:
            message = f"There is no such {spoken(self.declared.kind)} that could have a version."
            raise reject(UserErrorCode.NOT_FOUND, message, "version")
        outcome = await self._run(write, self.create, {n: v for n, v in values.items() if n in known})
        # What can only be said of an object that is there, such as isCanceled.
        later = {n: v for n, v in values.items() if n not in known and v not in (None, False)}
        if later and self.update is not None:
            [entity] = [entity for entity in outcome.entities.values() if entity is not None]
            await self._run(write, self.update, {"id": print_id(*entity), **later})

    async def _change(self, write: Write, row: Row, values: Values) -> None:
        changeable = self.update.input_type.fields if self.update else {}
        # Found by an external name, it may be known by something else than the line says.
        known_by = () if values.get("external") else self.declared.identity
        fixed = {n: v for n, v in values.items() if n not in changeable and n not in known_by}
        self._refuse_fixed(row, fixed, limited=write.granted is not None)
        said = {n: v for n, v in values.items() if n in changeable and not self._says_nothing(n, v, row)}
        if self.update is not None and said:
            await self._run(write, self.update, {"id": print_id(self.declared.kind, row["id"]), **said})

    def _says_nothing(self, name: str, value: Any, row: Row) -> bool:
        """A null where the input takes none and the object has none either."""
        assert self.update is not None
        type_ = self.update.input_type.fields[name].type
        return value is None and isinstance(type_, GraphQLNonNull) and row.get(snake_case(name)) is None

    def _refuse_fixed(self, row: Row, values: Values, *, limited: bool) -> None:
        for name, value in values.items():
            column = _column(name, row)
            if column is None:
                continue
            type_ = self.create.input_type.fields[name].type
            after = None if value is None else _stored(type_, coerced(type_, value, [], name))
            if after == NOBODY and limited:
                # It may be what the viewer does not see.
                continue
            if row[column] != (check.decimal(after) if isinstance(row[column], Decimal) else after):
                message = f"A {spoken(self.declared.kind)} keeps its {public_name(name)}: make another one."
                raise reject(UserErrorCode.INVALID, message, name)

    @staticmethod
    async def _run(write: Write, mutation: Mutation, values: Values) -> Outcome:
        _permit(write, mutation.change)
        outcome = await mutation.change.run(write, mutation.prepare(values))
        if outcome.user_errors:
            raise Rejection(outcome)
        return outcome


def refusal_of(fault: Exception) -> list[UserError]:
    """What a line's author may know. Raises the fault again when it is not of the line but of the database."""
    if isinstance(fault, Rejection):
        return list(fault.outcome.user_errors)
    if isinstance(fault, _UNSTORABLE):
        _log.warning("line cannot be stored", exc_info=fault)
        return [UserError(code=UserErrorCode.INVALID, message="A value of this line cannot be stored.")]
    if isinstance(fault, asyncpg.PostgresError | asyncpg.InterfaceError | OSError):
        raise fault
    # A fault of ours, but the job must not end at one line.
    _log.error("line cannot be applied", exc_info=fault)
    return [UserError(code=UserErrorCode.INVALID, message="This line cannot be applied.")]


def _permit(write: Write, change: DeclaredMutation, *, tenant_wide: bool = False) -> None:
    if change.scope not in write.viewer.scopes:
        raise reject(UserErrorCode.FORBIDDEN, f"This line needs an API key with scope {change.scope}.")
    if (change.tenant_wide or tenant_wide) and write.granted is not None:
        message = "This concerns the whole organization; the key is limited to portfolios."
        raise reject(UserErrorCode.FORBIDDEN, message)


def _mutation(schema: Schema, name: str) -> Mutation:
    root = schema.graphql.mutation_type
    assert root is not None, "there are mutations"
    definition = root.fields[name]
    declared = definition.extensions[BACKREF]
    input_type: Any = get_named_type(definition.args["input"].type)

    def convert(value: Any) -> dict[str, Any]:
        registry = schema.schema_converter.scalar_registry
        return convert_arguments({"input": value}, declared.arguments, registry, schema.config)

    return Mutation(declared.metadata["change"], input_type, convert)


def _identity_of(external: Mapping[str, Any]) -> dict[str, Any]:
    return {name: external.get(name) for name in ("system", "id")}


def _column(name: str, row: Row) -> str | None:
    """That keeps a member of an input; null: none does. One holder of two kinds has a column for each."""
    column = snake_case(name)
    of_holder = (column.removesuffix("id") + kind for kind in ("person_id", "service_account_id"))
    return column if column in row else next((column for column in of_holder if row.get(column) is not None), None)


def _stored(type_: GraphQLInputType, value: Any) -> UUID | str | int | float | date | datetime | None:
    """A coerced value as a column has it; JSON as text. Raises ValueError for JSON that cannot be kept."""
    named = get_named_type(type_)
    if named.name == "JSON":
        return check.json_text(check.LONGEST_TEXT)(value)
    parsed = parse_id(value) if named is GraphQLID else None
    return parsed[1] if parsed else value
