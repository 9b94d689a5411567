"""The words by which a schema file says where its fields come from: metadata on ordinary Strawberry fields.

SQL fragments are templates: {self} is the alias of the row that carries the field, {parent} of the row above it,
{other} of the related row, {tenant} the tenant's parameter, {now} the request's instant, {name} an argument.
{within x} becomes "and x = any(granted portfolios)" for a viewer with portfolio grants, and nothing for all others;
{restricted sql} becomes sql for such a viewer.
"""

import inspect
import re
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypedDict, TypeVar, Unpack, get_args

import strawberry
from strawberry.types.field import StrawberryField

from compiler.declaration.place import declaring_place, word
from compiler.declaration.scalar import ColumnOptions, PendingScalar, ScalarOptions
from compiler.mapping import Access, Lookup, Many, One, OneOf, Order, Part, Refetch, Rows, Source, Table, Value

KEY = "folioscope"

Class = TypeVar("Class", bound=type)


def snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def screaming_case(name: str) -> str:
    return snake_case(name).upper()


def lazy(type_name: str) -> Any:
    """A type of another schema file."""
    return Annotated[type_name, strawberry.lazy("schema.entities")]


def argument(annotation: Any, description: str, name: str | None = None) -> Any:
    return Annotated[annotation, strawberry.argument(description=description, name=name)]


def _relation(
    mapping: Any,
    returns: Any,
    description: str,
    arguments: Mapping[str, Any] | None = None,
    **metadata: Any,
) -> Any:
    """A Strawberry field with arguments; its resolver is never called, because the compiler answers it."""

    def never(**_: Any) -> Any:
        raise AssertionError("compiled fields are answered by the compiler")

    annotations = dict(arguments or {})
    resolver = types.FunctionType(never.__code__, never.__globals__)
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter(name, keyword, default=_default(hint), annotation=hint) for name, hint in annotations.items()
    ]
    resolver.__signature__ = inspect.Signature(parameters, return_annotation=returns)
    resolver.__annotations__ = {**annotations, "return": returns}
    resolver.__module__ = __name__
    return strawberry.field(resolver=resolver, description=description, metadata={KEY: mapping, **metadata})


def _default(hint: Any) -> Any:
    """Nullable arguments may be left out."""
    return strawberry.UNSET if type(None) in get_args(get_args(hint)[0]) else inspect.Parameter.empty


def mapping_of(definition: StrawberryField | None) -> Any:
    return definition.metadata.get(KEY) if definition is not None else None


def access_of(definition: StrawberryField | None) -> Access | None:
    return definition.metadata.get("access") if definition is not None else None


# Scalars -----------------------------------------------------------------------------------------


@word(ColumnOptions)
def column(description: str, name: str | None = None, **options: Unpack[ColumnOptions]) -> Any:
    """A column of the same name as the field unless `name` says otherwise."""
    metadata = {KEY: PendingScalar(name, None, options)}
    return strawberry.field(name=options.get("field"), description=description, metadata=metadata)


@word(ScalarOptions)
def expression(description: str, sql: Source, **options: Unpack[ScalarOptions]) -> Any:
    """A scalar from any SQL expression on {self}."""
    return strawberry.field(description=description, metadata={KEY: PendingScalar(None, sql, options)})


@word()
def identifier(kind: str) -> Any:
    options: ScalarOptions = {"kind": kind, "filter": "ID", "sql_type": "uuid"}
    return strawberry.field(
        description="Opaque id, unique in the whole system and stable for ever.",
        metadata={KEY: PendingScalar("id", None, options)},
    )


# Relations ---------------------------------------------------------------------------------------


class OneOptions(TypedDict, total=False):
    """arguments: name → annotation, see `argument`. The others: see One."""

    arguments: Mapping[str, Any]
    source: Source
    missing: bool
    wall: str


@word(OneOptions)
def one(type_name: str, description: str, on: Source, *, nullable: bool = False, **options: Unpack[OneOptions]) -> Any:
    """A related object."""
    mapping = One(type_name, on, options.get("source"), missing=options.get("missing", False), wall=options.get("wall"))
    returns = lazy(type_name)
    return _relation(mapping, returns | None if nullable else returns, description, options.get("arguments"))


@word()
def part(type_: Any, description: str) -> Any:
    """Some columns of the same row, grouped under one name."""
    return _relation(Part(), type_, description)


@word()
def one_of(interface: Any, description: str, on: str, *, nullable: bool = False) -> Any:
    return _relation(OneOf(on), interface | None if nullable else interface, description)


class RowsOptions(TypedDict, total=False):
    """arguments: name → annotation, see `argument`. check: see Rows."""

    arguments: Mapping[str, Any]
    check: Callable[[Mapping[str, Any]], None]


@word(RowsOptions)
def rows(type_: Any, description: str, source: Source, order: str, **options: Unpack[RowsOptions]) -> Any:
    """A bounded list of value objects; say the bound in the description."""
    mapping = Rows(getattr(type_, "__name__", str(type_)), source, order, options.get("check"))
    return _relation(mapping, list[type_], description, options.get("arguments"))


@word()
def many(
    type_name: str,
    description: str,
    on: str = "true",
    *,
    order: str = "ID",
    scope: str | None = None,
) -> Any:
    """A connection. order: default sort, as `NAME` or `SCORE desc`, of the type's order fields; id comes last."""
    metadata = {"access": Access(scope)} if scope else {}
    return _relation(
        Many(type_name, on, order),
        lazy(f"{type_name}Connection"),
        description,
        _page_arguments(type_name),
        **metadata,
    )


def _page_arguments(type_name: str) -> dict[str, Any]:
    return {
        "first": argument(
            int | None,
            "Number of items from the start, 0 to 100. Default 20 unless `last` is given.",
        ),
        "after": argument(str | None, "Cursor of the item before the first one wanted. Null: from the start."),
        "last": argument(int | None, "Number of items from the end, 0 to 100. Not together with `first`."),
        "before": argument(str | None, "Cursor of the item after the last one wanted. Null: from the end."),
        "filter": argument(lazy(f"{type_name}Filter") | None, "Condition that items must meet. Null: all."),
        "order_by": argument(
            list[lazy(f"{type_name}Order")] | None,
            "Sort keys, the first one first; equal items follow by id. Nulls come last.",
        ),
    }


@word()
def lookup(
    type_name: str,
    description: str,
    by: Any,
    conditions: Mapping[str, str],
    *,
    scope: str | None = None,
) -> Any:
    metadata = {"access": Access(scope)} if scope else {}
    arguments = {"by": argument(by, "Exactly one of the names by which the object is known.")}
    return _relation(Lookup(type_name, conditions), lazy(type_name) | None, description, arguments, **metadata)


@word()
def refetch(interface: Any, description: str, *, many: bool) -> Any:
    if many:
        arguments = {"ids": argument(list[strawberry.ID], "Ids, at most 100; the answer has the same order.")}
        return _relation(Refetch(many=True), list[interface | None], description, arguments)
    return _relation(
        Refetch(many=False),
        interface | None,
        description,
        {"id": argument(strawberry.ID, "Id of any object.")},
    )


@word()
def table(
    name: str,
    *,
    kind: str | None = None,
    wall: str | None = None,
    fence: str | None = None,
    orders: Mapping[str, Order] | None = None,
) -> Callable[[Class], Class]:
    """Makes a class a GraphQL type over a table, described by its docstring. A field archived_at hides rows from lists.

    orders: sort keys that are no field of the type.
    """

    place = declaring_place()

    def decorate(cls: Class) -> Class:
        keys = ["id"] if kind else []
        typed: Any = strawberry.federation.type(cls, keys=list[Any](keys), description=_description(cls))
        fields = resolve_scalars(typed)
        by_field = {screaming_case(field.python_name): value.order for field, value in fields if value.order}
        archivable = any(field.python_name == "archived_at" for field, _ in fields)
        typed.__declared_at__ = place
        keys_of_order = {**by_field, **(orders or {}), "ID": Order("{self}.id", "uuid")}
        typed.__table__ = Table(name, kind, wall, fence, archivable, keys_of_order)
        return typed

    return decorate


def interface(cls: Class) -> Class:
    """Makes a class a GraphQL interface whose mappings its types inherit."""
    typed: Any = strawberry.interface(cls, description=_description(cls))
    resolve_scalars(typed)
    return typed


def value_object(cls: Class) -> Class:
    """Makes a class a GraphQL type without a table: its fields read the row of the list or object that carries it."""
    typed: Any = strawberry.type(cls, description=_description(cls))
    resolve_scalars(typed)
    return typed


def resolve_scalars(cls: Any) -> list[tuple[StrawberryField, Value]]:
    """Gives scalars their column now that the class has named them; returns every scalar of the class."""
    found: list[tuple[StrawberryField, Value]] = []
    for field_ in cls.__strawberry_definition__.fields:
        mapping = field_.metadata.get(KEY)
        if isinstance(mapping, PendingScalar):
            mapping = mapping.resolve(field_.python_name)
            field_.metadata = {**field_.metadata, KEY: mapping}
        if isinstance(mapping, Value):
            found.append((field_, mapping))
    return found


def _description(cls: type) -> str:
    return " ".join((cls.__doc__ or "").split())


def table_of(cls: Any) -> Table:
    return cls.__table__
