"""Members of a line: those of the inputs of its mutations, with names in place of ids."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from graphql import (
    GraphQLID,
    GraphQLInputObjectType,
    get_named_type,
    get_nullable_type,
    is_input_object_type,
    is_list_type,
)

from resolvers.bulk.json_names import with_ids_inside
from resolvers.bulk.names import Names
from resolvers.engine.outcome import UserErrorCode, reject
from resolvers.entity.line import BulkType
from schema import check

_NEVER = ("id", "idempotencyKey", "supersedesId", "kpiKey")


@dataclass(frozen=True)
class LineMember:
    """A member of a line. field: of the input; kinds: of objects that it names; inner: members of an object in it;
    many: it is a list of them; json: objects are named within its value."""

    field: str
    kinds: tuple[str, ...] = ()
    inner: "Mapping[str, LineMember] | None" = None
    many: bool = False
    json: bool = False


def members_of(input_type: GraphQLInputObjectType, declared: BulkType) -> dict[str, LineMember]:
    members: dict[str, LineMember] = {}
    for name, field in input_type.fields.items():
        named: Any = get_named_type(field.type)
        many = is_list_type(get_nullable_type(field.type))
        if named is GraphQLID and name not in _NEVER:
            members[public_name(name)] = LineMember(name, declared.kinds_of(name), many=many)
        elif named.name == "LabelNameInput":
            members[name] = LineMember(name, ("LABEL",), many=many)
        elif is_input_object_type(named):
            members[name] = LineMember(name, inner=members_of(named, declared), many=many)
        elif name not in (*_NEVER, *declared.without, *declared.always) or (name, named.name) == ("id", "String"):
            members[public_name(name)] = LineMember(name, json=name in declared.json)
    return members


async def with_ids(names: Names, member: LineMember, value: Any, path: tuple[str, ...]) -> Any:
    """With ids in place of names. What is not of the shape expected stays, for validation to refuse."""
    if member.json:
        return await with_ids_inside(names, value, path)
    if isinstance(value, list):
        if len(value) > check.MOST_ITEMS:
            message = f"A list has at most {check.MOST_ITEMS} items; {len(value)} were given."
            raise reject(UserErrorCode.LIMIT_EXCEEDED, message, *path)
        if not member.many:
            return value
        item = replace(member, many=False)
        return [await with_ids(names, item, each, (*path, str(place))) for place, each in enumerate(value)]
    if member.kinds and value is not None:
        id = await names.public_id(member.kinds, value, path)
        return {"id": id} if member.kinds == ("LABEL",) else id
    if member.inner is None or not isinstance(value, dict):
        return value
    translated = {}
    for name, item in value.items():
        known = member.inner.get(name, LineMember(name))
        translated[known.field] = await with_ids(names, known, item, (*path, known.field))
    return translated


def public_path(path: list[str] | None) -> list[str] | None:
    """As the line spells it: without the argument, and without the Id of references."""
    return [public_name(step) for step in path[1:]] if path else None


def public_name(name: str) -> str:
    """Of a member of an input. Every line has a type, so that a custom field's is told apart."""
    if name == "type":
        return "valueType"
    return name if name == "externalId" else name.removesuffix("Id")
