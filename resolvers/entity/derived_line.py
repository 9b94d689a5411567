"""Lines of an entity that follow from its declaration: a member each, objects named by key and not by id."""

from collections.abc import Iterator

from resolvers.entity.exported import external, key_of, subject
from resolvers.entity.line import BulkType
from schema.entity import SUBJECTS, Entity
from schema.member import Member


def line_of(entity: Entity) -> BulkType:
    changes = "Update" if entity.update else "End" if entity.verb == "start" else None
    return BulkType(
        entity.line_name,
        entity.kind,
        f"{entity.line_name}{entity.verb.capitalize()}",
        changes and f"{entity.line_name}{changes}",
        _export(entity),
        identity=entity.known_by,
        match=entity.match,
        where="x.archived_at is null" if entity.archive and not entity.is_unique else "true",
        kinds={member.public_name: member.kinds for member in entity.members if member.kinds},
    )


def _export(entity: Entity) -> str:
    """What is archived is left out, with all that belongs to it."""
    columns = [f"'{entity.line_name}' as type", *(_column(member) for member in entity.members)]
    if entity.external:
        columns.append(external(entity.kind))
    conditions = ["x.tenant_id = $1", *(["x.archived_at is null"] if entity.archive else []), *_conditions(entity)]
    depth = _depth(entity)
    return "\n".join(
        (
            f"{depth}select {', '.join(columns)}",
            f"from {entity.table} x{' join tree on tree.id = x.id' if depth else ''}{''.join(_joins(entity))}",
            f"where {' and '.join(conditions)}",
            f"order by {'tree.depth, ' if depth else ''}{', '.join(_order(entity))}",
        )
    )


def _column(member: Member) -> str:
    if member.line is not None:
        return f'{member.line} as "{member.public_name}"'
    if not member.kinds:
        value = f"x.{member.stored_in}"
        return f'{f"{value} is not null" if member.since else value} as "{line_member(member)}"'
    return f'{_name(member)} as "{line_member(member)}"'


def _name(member: Member) -> str:
    """How a line names what the member refers to."""
    if member.kinds == SUBJECTS:
        return "s.name"
    if member.fixed:
        return f"{_alias(member)}.key"
    return key_of(member.kinds[0].lower(), member.stored_in)


def line_member(member: Member) -> str:
    """Every line has a type, so that a member of that name gets another one."""
    if member.kinds:
        return member.public_name.removesuffix("Id")
    return "valueType" if member.name == "type" else member.public_name


def _alias(member: Member) -> str:
    return f"its_{member.stored_in.removesuffix('_id')}"


def _fixed(entity: Entity) -> Iterator[Member]:
    return (member for member in entity.fixed if member.kinds and member.kinds != SUBJECTS)


def _joins(entity: Entity) -> Iterator[str]:
    if any(member.kinds == SUBJECTS for member in entity.members):
        yield f"\n{subject()}"
    for member in _fixed(entity):
        of = _alias(member)
        yield (
            f"\nleft join {member.kinds[0].lower()} {of} on {of}.tenant_id = x.tenant_id"
            f" and {of}.id = x.{member.stored_in} and {of}.archived_at is null"
        )


def _conditions(entity: Entity) -> Iterator[str]:
    for member in _fixed(entity):
        is_there = f"{_alias(member)}.id is not null"
        yield f"(x.{member.stored_in} is null or {is_there})" if member.nullable else is_there


def _depth(entity: Entity) -> str:
    """What lies below another of its kind comes after that one."""
    above = next((member for member in entity.members if member.kinds == (entity.kind,)), None)
    if above is None:
        return ""
    return (
        f"with recursive tree as (\n  select id, 0 as depth from {entity.table}"
        f" where tenant_id = $1 and {above.stored_in} is null\n"
        f"  union all\n  select t.id, b.depth + 1 from tree b"
        f" join {entity.table} t on t.tenant_id = $1 and t.{above.stored_in} = b.id\n)\n"
    )


def _order(entity: Entity) -> Iterator[str]:
    """By what it is known by, then in the order of creation."""
    by_name = {member.public_name: member for member in entity.members}
    for name in entity.known_by:
        member = by_name[name]
        if member.kinds == SUBJECTS:
            yield "s.place, s.key"
        else:
            yield _name(member) if member.kinds else f"x.{member.stored_in}"
    yield "x.id"
