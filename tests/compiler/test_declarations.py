"""A declaration that cannot be meant stops the start, with its field, its line and the way to mend it."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import strawberry
import strawberry.federation
from graphql import GraphQLSchema

import schema.entities
from compiler.checking.check import check_declarations
from compiler.declaration.place import DeclarationError
from compiler.declare import argument, column, expression, identifier, lookup, many, one, rows, table, value_object
from compiler.listing import ExtraFilter, listing
from compiler.mapping import Condition, Filter
from portfolio.identity import PREFIX_OF_KIND
from resolvers.engine.execute import Schema
from schema.scalars import COMPARATORS

PREFIXES = {"SHIP": "shp", "CREW": "crw"}


def line_of(text: str) -> int:
    """Number of the line of this file that ends in this comment."""
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    (number,) = [number for number, line in enumerate(lines, 1) if line.endswith(f"# {text}")]
    return number


def ship_class(annotations: dict[str, Any], **fields: Any) -> type:
    return type("Ship", (), {"__annotations__": annotations, "__module__": __name__, "__doc__": "A ship.", **fields})


def built(*fields: tuple[str, Any, Any]) -> GraphQLSchema:
    """A schema whose one type has these fields: name, annotation (null: a relation's own), declaration."""
    annotations = {name: annotation for name, annotation, _ in fields if annotation is not None}
    cls = ship_class(annotations, **{name: declaration for name, _, declaration in fields})
    return queried(table("ship")(cls))


def queried(*types: Any, **root: Any) -> GraphQLSchema:
    fields = {**root, "version": column("Version.")}
    query = strawberry.type(type("Query", (), {"__annotations__": {"version": str}, "__module__": __name__, **fields}))
    return strawberry.federation.Schema(query=query, types=types)._schema


def refusal(built_schema: GraphQLSchema) -> str:
    with pytest.raises(DeclarationError) as error:
        check_declarations(built_schema, PREFIXES)
    return str(error.value)


def test_an_unknown_keyword_is_told_with_its_line_and_the_one_that_is_meant():
    def declare() -> None:
        tier: Any = column("How critical.", fliter="STRING")  # pyright: ignore[reportCallIssue] # misspelled
        del tier

    with pytest.raises(DeclarationError) as error:
        declare()
    told = str(error.value)
    assert told.startswith(f"tests/compiler/test_declarations.py:{line_of('misspelled')}, `tier: Any = column(")
    assert told.endswith("`: column() has no keyword `fliter`. Did you mean `filter`?")


@pytest.mark.parametrize(
    ("word", "given", "keyword"),
    [
        (column, ("d",), "sqltype"),
        (expression, ("d", "1"), "orderr"),
        (one, ("Ship", "d", "true"), "nulable"),
        (many, ("Ship", "d"), "ordre"),
        (rows, (str, "d", "x", "y"), "chek"),
        (lookup, ("Ship", "d", str, {}), "scop"),
        (table, ("ship",), "knd"),
    ],
)
def test_every_word_refuses_a_keyword_that_it_does_not_know(word: Any, given: tuple[Any, ...], keyword: str):
    with pytest.raises(DeclarationError, match=f"no keyword `{keyword}`. Did you mean `"):
        word(*given, **{keyword: None})


def test_an_unknown_name_in_a_template_is_told_with_field_and_line():
    told = refusal(built(("age", int, expression("Age.", "now() - {slef}.built_at"))))  # slef
    assert told == (
        f"tests/compiler/test_declarations.py:{line_of('slef')}, Ship.age:"
        " {slef} stands for nothing here. Did you mean `self`?"
    )


def test_all_mistakes_are_told_at_once():
    told = refusal(built(("a", int, expression("A.", "{slef}.a")), ("b", int, expression("B.", "{slf}.b"))))
    assert [line.split(", ")[1].split(":")[0] for line in told.splitlines()] == ["Ship.a", "Ship.b"]


@pytest.mark.parametrize(
    ("declaration", "mistake"),
    [
        (expression("A.", "{self}.a", order="{other}.a"), "{other} stands for nothing"),
        (expression("A.", "{self}.a", filter="STRING", filter_expression="{me}.a"), "{me} stands for nothing"),
        (expression("A.", "{self}.a {withn {self}.b}"), "{withn …} is no block"),
        (expression("A.", "{self}.a {restricted or {within {self}.b}}"), "{restricted …} is no block"),
        (expression("A.", "{self}.a = any({granted})"), "{granted} is there for viewers with portfolio grants only"),
        (column("A.", kind="SHP"), "ids of kind `SHP` have no prefix: give them one in portfolio/identity.py"),
    ],
)
def test_each_part_of_a_scalar_is_looked_at(declaration: Any, mistake: str):
    assert mistake in refusal(built(("a", str, declaration)))


def test_what_is_always_there_may_be_named():
    sql = (
        "case when {now} > {self}.a and {key_id} is null {within {self}.b} {restricted and {self}.c = any({granted})}"
        " and {parent}.tenant_id = {tenant} and {self}.d ~ '^[a-z]{2}{3,4}$' then '{}' end"
    )
    check_declarations(built(("a", str, expression("A.", sql))), PREFIXES)


@value_object
class Port:
    """A port."""

    name: str = column("Name.")


def ports(source: Any, order: str = "{other}.name") -> Any:
    arguments = {
        "since": argument(datetime | None, "Since when. Null: ever."),
        "near": argument(str, "What they are near to."),
    }
    return rows(Port, "Ports.", source, order, arguments=arguments)


def test_an_argument_may_be_named_where_it_is_given():
    def source(arguments: Any) -> str:
        since = " and p.at > {since}" if arguments.get("since") is not None else ""
        return "(select * from port p where p.near = {near}" + since + ") {other}"

    check_declarations(built(("ports", None, ports(source))), PREFIXES)


def test_an_argument_that_may_be_left_out_must_not_be_named_whatever_is_given():
    told = refusal(built(("ports", None, ports("(select * from port p where p.at > {since} and {near}) {other}"))))
    assert "Ship.ports: {since} stands for nothing here" in told


def test_a_mistake_in_one_choice_of_a_function_is_found():
    told = refusal(built(("ports", None, ports(lambda given: "{sinc}" if given.get("since") else "port {other}"))))
    assert "{sinc} stands for nothing here. Did you mean `since`?" in told


def test_a_function_that_asks_for_an_argument_that_is_not_there_is_told():
    told = refusal(built(("ports", None, ports(lambda given: "x" if given.get("sinse") else "port {other}"))))
    assert "Ship.ports: its function asks for an argument `sinse`. Did you mean `since`?" in told


def test_the_order_of_rows_names_the_rows_only():
    assert "{self} stands for nothing" in refusal(built(("ports", None, ports("port {other}", "{self}.name"))))


def entity(sister: Any = None, **options: Any) -> Any:
    further = {"sister": sister} if sister is not None else {}
    cls = ship_class({"id": strawberry.ID}, id=identifier("SHIP"), **further)
    return table("ship", **{"kind": "SHIP", **options})(cls)  # the table


def test_a_kind_without_a_prefix_is_told_with_the_line_of_its_table():
    told = refusal(queried(entity(kind="SHOP")))
    assert f"test_declarations.py:{line_of('the table')}, Ship: ids of kind `SHOP` have no prefix" in told
    assert "Did you mean `SHIP`?" in told


def test_a_kind_without_a_way_back_is_told_with_the_line_of_its_table():
    assert refusal(queried(entity())) == (
        f"tests/compiler/test_declarations.py:{line_of('the table')}, Ship: no field of another type leads to it."
        ' Add the way back, such as `many("Ship", …)`, to the type that it belongs to, or a look-up to a query class.'
    )


@strawberry.input(description="A name of a ship.")
class ShipBy:
    id: strawberry.ID | None = strawberry.field(description="Id.", default=strawberry.UNSET)
    key: str | None = strawberry.field(description="Key.", default=strawberry.UNSET)


@pytest.fixture
def ship(monkeypatch: pytest.MonkeyPatch) -> Any:
    """An entity that other declarations find by its name."""
    made = entity()
    monkeypatch.setattr(schema.entities, "Ship", made, raising=False)
    return made


def test_a_root_field_is_a_way_back(ship: Any):
    conditions = {"id": "{other}.id = {value}", "key": "{other}.key = {value}"}
    check_declarations(queried(ship, ship=lookup("Ship", "Ship by a name.", ShipBy, conditions)), PREFIXES)


def test_a_relation_of_another_type_is_a_way_back(ship: Any):
    flagship = one("Ship", "The first of them.", "{other}.is_flagship", nullable=True)
    check_declarations(queried(ship, flagship=flagship), PREFIXES)


def test_a_relation_of_the_type_itself_is_no_way_back(monkeypatch: pytest.MonkeyPatch):
    sister = one("Ship", "The one built after it.", "{other}.id = {self}.sister_id", nullable=True)
    ship = entity(sister)
    monkeypatch.setattr(schema.entities, "Ship", ship, raising=False)
    assert "Ship: no field of another type leads to it" in refusal(queried(ship))


def test_a_look_up_has_one_condition_for_each_name(ship: Any):
    told = refusal(queried(ship, ship=lookup("Ship", "Ship.", ShipBy, {"id": "{other}.id = {key}"})))
    assert "Query.ship: {key} stands for nothing here" in told
    assert "Query.ship: `by` has a member `key` or a condition for it, but not both." in told


@pytest.mark.parametrize("option", ["wall", "fence"])
def test_walls_and_fences_are_looked_at(option: str):
    assert "Ship: {other} stands for nothing" in refusal(queried(entity(**{option: "{other}.a = 1"})))


def test_further_members_of_a_filter_are_looked_at(ship: Any, monkeypatch: pytest.MonkeyPatch):
    extra = {
        "afloat": ExtraFilter(bool, "Whether it floats.", Condition("{ship}.afloat")),
        "home": ExtraFilter(COMPARATORS["ID"], "Home.", Filter("{self}.home_id", "ID", "uuid", "HOME")),
    }
    filter_input = listing(ship, COMPARATORS, extra).filter
    monkeypatch.setitem(globals(), "ShipFilter", filter_input)
    told = refusal(queried(ship, filter_input))
    assert "ShipFilter.afloat: {ship} stands for nothing here" in told
    assert "ShipFilter.home: ids of kind `HOME` have no prefix" in told


def test_a_comparator_that_does_not_exist_is_told():
    unknown: Any = "STRNG"
    cls = ship_class({"name": str}, name=column("Name.", filter=unknown))
    with pytest.raises(DeclarationError, match=r"Ship.name: there is no comparator `STRNG`. Did you mean `STRING`\?"):
        listing(table("ship")(cls), COMPARATORS)


def test_our_own_schema_is_checked_when_it_is_built(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(PREFIX_OF_KIND, "MILESTONE")
    told = r"schema/portfolio/milestone.py:\d+, Milestone: ids of kind `MILESTONE` have no prefix"
    with pytest.raises(DeclarationError, match=told):
        Schema()
