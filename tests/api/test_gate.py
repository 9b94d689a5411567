"""The gate: what it lets pass, what it refuses and why, and that refusing is cheap."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, get_introspection_query, parse

from api import limits
from api.graphql.gate import Gate, Invalid
from api.graphql.measure import Measurer
from api.graphql.parameters import Parameters
from runtime.refusal import ErrorCode, Refusal
from tests.api.schema_of_tests import SCHEMA


def admit(text: str, *, anonymous: bool = False, name: str | None = None, **variables: object):
    return Gate(SCHEMA).admit(Parameters(text, name, variables), anonymous=anonymous)


def refusal(text: str, *, anonymous: bool = False, name: str | None = None, **variables: object) -> Refusal:
    with pytest.raises(Refusal) as raised:
        admit(text, anonymous=anonymous, name=name, **variables)
    return raised.value


def invalid(text: str) -> Invalid:
    with pytest.raises(Invalid) as raised:
        admit(text)
    return raised.value


def fragment_chain(levels: int, head: str, item: str, *, width: int, leaf: str = "id name") -> str:
    """Each of the fragments uses the next one `width` times."""
    steps = [
        f"fragment f{step} on Portfolio{{{' '.join(item.format(copy=copy, next=step + 1) for copy in range(width))}}}"
        for step in range(levels)
    ]
    return " ".join([head, *steps, f"fragment f{levels} on Portfolio{{{leaf}}}"])


# Depth, width, repetition ------------------------------------------------------------------------


def test_twelve_levels_pass_and_thirteen_are_too_deep():
    text = "{portfolio(id:1){" + "parent{" * 10 + "id" + "}" * 10 + "}}"
    assert admit(text).cost == 11
    found = refusal(text.replace("id}", "parent{id}}", 1))
    assert (found.code, found.limit, found.actual) == (ErrorCode.QUERY_TOO_DEEP, 12, 13)


def test_depth_counts_what_fragments_add():
    chain = fragment_chain(12, "{portfolio(id:1){...f0}}", "parent{{...f{next}}}", width=1)
    assert refusal(chain).code is ErrorCode.QUERY_TOO_DEEP


def test_fragments_that_call_themselves_through_a_field_are_too_deep():
    cycle = (
        "{portfolio(id:1){...a}} fragment a on Portfolio{parent{...b} owner:parent{...b}} fragment b on Portfolio{...a}"
    )
    assert refusal(cycle).code is ErrorCode.QUERY_TOO_DEEP


def test_fragments_that_call_themselves_in_one_object_are_invalid():
    cycle = "{portfolio(id:1){...a}} fragment a on Portfolio{...b} fragment b on Portfolio{...a}"
    assert "Cannot spread fragment" in invalid(cycle).errors[0].message


@pytest.fixture
def usual_stack() -> Iterator[None]:
    """The parser goes as deep as Python lets it, and hypothesis lets it go deeper than a server does."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("usual_stack")
def test_brackets_beyond_the_parser_are_too_deep():
    assert refusal("{a" * 600).code is ErrorCode.QUERY_TOO_DEEP
    assert refusal("{node(id:" + "[" * 900 + "]" * 900 + "){id}}").code is ErrorCode.QUERY_TOO_DEEP


@pytest.mark.parametrize(
    ("text", "code", "limit", "actual"),
    [
        ("{" + " ".join(f"a{i}:__typename" for i in range(21)) + "}", ErrorCode.TOO_MANY_ROOT_FIELDS, 20, 21),
        ("{" + "__typename " * 21 + "}", ErrorCode.TOO_MANY_ROOT_FIELDS, 20, 21),
        (
            "{portfolio(id:1){" + " ".join(f"a{i}:name" for i in range(51)) + "}}",
            ErrorCode.TOO_MANY_ALIASES,
            50,
            51,
        ),
        ("{__typename " + "@skip(if:false)" * 31 + "}", ErrorCode.QUERY_TOO_COMPLEX, 30, 31),
        ("{portfolio(id:1){" + "name " * 201 + "}}", ErrorCode.QUERY_TOO_COMPLEX, 200, 201),
        ("{portfolio(id:1){" + "name " * 21 + "}}", ErrorCode.QUERY_TOO_COMPLEX, 20, 21),
        ("{products{" + "pageInfo{endCursor}" * 6 + "}}", ErrorCode.QUERY_TOO_COMPLEX, 5, 6),
        ("{a " + "b " * 2_000 + "}", ErrorCode.QUERY_TOO_COMPLEX, 2_000, 2_001),
    ],
)
def test_a_limit_names_itself_and_what_exceeded_it(text: str, code: ErrorCode, limit: int, actual: int):
    found = refusal(text)
    assert (found.code, found.limit, found.actual) == (code, limit, actual)


def test_a_document_at_every_limit_of_repetition_passes():
    assert admit("{products{" + "pageInfo{endCursor}" * 5 + "}}")
    assert admit("{portfolio(id:1){" + "name " * 20 + " ".join(f"a{i}:name" for i in range(50)) + "}}")


def test_repetition_is_counted_after_objects_are_merged():
    """Twice in each of three copies are six in the one object that is answered."""
    copies = "portfolio(id:1){parent{id} parent{id}}" * 3
    assert refusal("{" + copies + "}").actual == 6


def test_components_may_each_select_the_id_of_one_product():
    fragments = " ".join(f"fragment f{i} on Product{{__typename id}}" for i in range(15))
    spreads = " ".join(f"...f{i}" for i in range(15))
    assert admit("{products(first:1){nodes{" + spreads + "}}}" + fragments)


def test_limits_hold_for_fragments_that_no_operation_uses():
    unused = "fragment a on ProductConnection{" + "pageInfo{endCursor}" * 6 + "}"
    assert refusal("{__typename} " + unused).code is ErrorCode.QUERY_TOO_COMPLEX


def test_limits_hold_for_operations_that_are_not_run():
    other = "query b{products{" + "pageInfo{endCursor}" * 6 + "}}"
    assert refusal("query a{__typename} " + other, name="a").code is ErrorCode.QUERY_TOO_COMPLEX


# Fragments that multiply -------------------------------------------------------------------------


@pytest.mark.parametrize("levels", [10, 20, 40, 90])
def test_a_chain_of_doubling_spreads_is_looked_at_once(levels: int):
    chain = fragment_chain(levels, "{portfolio(id:1){...f0}}", "...f{next}", width=2, leaf="id")
    # The operation's set is looked at twice, for its root fields; its object has all spreads and the leaf.
    assert visits(chain) == 1 + 1 + 1 + 2 * levels + 1
    assert admit(chain).cost == 1


def test_a_chain_of_tripling_aliases_is_looked_at_in_proportion_to_its_length():
    item = "a{copy}:parent{{...f{next}}}"
    chains = [fragment_chain(levels, "{portfolio(id:1){...f0}}", item, width=3) for levels in (4, 6, 8)]
    counts = [visits(chain) for chain in chains]
    assert counts[2] - counts[1] == counts[1] - counts[0]
    assert counts[2] < 120
    found = refusal(chains[2])
    assert (found.code, found.actual) == (ErrorCode.TOO_MANY_ALIASES, 3 + 9 + 27 + 81 + 243 + 729 + 2187 + 6561)


def visits(text: str) -> int:
    """Selections that are looked at until the operation is measured or refused."""
    document = parse(text)
    fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
    measurer = Measurer(SCHEMA, fragments)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    with suppress(Refusal):
        measurer.measure_operation(operation)
    return measurer.visits


def test_many_different_merged_objects_end_at_the_visits_allowed():
    """Objects that differ in which of many fragments they merge have no measure in common."""
    names = [f"f{i}" for i in range(9)]
    fields = " ".join(f"k{i}:parent{{{' '.join('...' + n for n in names if n != f'f{i}')}}}" for i in range(9))
    text = "{portfolio(id:1){" + fields + "}} " + " ".join(f"fragment {n} on Portfolio{{{fields}}}" for n in names)
    found = refusal(text.replace("k8", "k7"))
    assert found.code in (ErrorCode.QUERY_TOO_COMPLEX, ErrorCode.QUERY_TOO_DEEP)


# Cost --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{__typename}", 0),
        ("{portfolio(id:1){id name}}", 1),
        ("{portfolio(id:1){parent{id} owners{name}}}", 1 + 1 + 5),
        ("{products(first:10){nodes{id}}}", 1 + 10),
        ("{products(last:10){nodes{id}}}", 1 + 10),
        ("{products{nodes{id}}}", 1 + 20),
        ("{products(first:0){nodes{id}}}", 1),
        ("{products(first:null,last:100){nodes{id}}}", 1 + 100),
        ("{products(first:2,last:100){nodes{id}}}", 1 + 100),
        ("{products(first:10){totalCount pageInfo{endCursor}}}", 1 + 1),
        ("{products(first:10){edges{cursor node{id}}}}", 1 + 10 * 2),
        ("{products(first:10){nodes{id initiatives(first:5){nodes{id}}}}}", 1 + 10 * (1 + 1 + 5)),
        ("{products(first:10){nodes{id}} products(first:10){nodes{name}}}", 1 + 10),
        ('{nodes(ids:["a","b","c"]){id}}', 3),
        ('{entities:_entities(representations:["a","b","c","d","e","f"]){id}}', 6),
        ("{movers{id portfolio{id}}}", 20 * 2),
        ("{movers(first:3){id}}", 3),
        ("{products(first:10){...c}} fragment c on ProductConnection{nodes{...p}} fragment p on Product{id}", 1 + 10),
        ("{a:products(first:2){...c} b:products(first:3){...c}} fragment c on ProductConnection{nodes{id}}", 2 + 5),
    ],
)
def test_the_price_of_an_operation(text: str, cost: int):
    assert admit(text).cost == cost


PAGES = "query($n:Int=1){portfolios(first:$n){nodes{products(first:$n){nodes{initiatives(first:$n){nodes{id}}}}}}}"


@pytest.mark.parametrize(
    ("variables", "cost"),
    [({"a": None, "b": 100}, 101), ({"a": 3, "b": None}, 4), ({"b": 100.0}, 101), ({}, 21), ({"a": True}, 21)],
)
def test_of_first_and_last_the_price_takes_what_is_given(variables: dict[str, Any], cost: int):
    text = "query($a:Int,$b:Int){products(first:$a,last:$b){nodes{id}}}"
    assert Gate(SCHEMA).admit(Parameters(text, None, variables)).cost == cost


def test_the_price_follows_the_variables_of_each_request_for_one_document():
    gate = Gate(SCHEMA)
    assert gate.admit(Parameters(PAGES)).cost == 1 + 1 * (1 + 1 + 1 * (1 + 1 + 1))
    assert gate.admit(Parameters(PAGES, None, {"n": 10})).cost == 1 + 10 * (1 + 1 + 10 * (1 + 1 + 10))
    with pytest.raises(Refusal) as raised:
        gate.admit(Parameters(PAGES, None, {"n": 100}))
    assert raised.value.code is ErrorCode.COST_LIMIT
    assert (raised.value.limit, raised.value.actual) == (10_000, 1 + 100 * (1 + 1 + 100 * (1 + 1 + 100)))
    assert gate.admit(Parameters(PAGES, None, {"n": 2})).cost == 1 + 2 * (1 + 1 + 2 * (1 + 1 + 2))


def test_a_list_of_ids_in_a_variable_costs_its_length():
    text = "query($ids:[ID!]!){nodes(ids:$ids){id}}"
    assert admit(text, ids=["x"] * 250).cost == 250


@pytest.mark.parametrize("value", [None, True, -5, "100", 1.5, {}])
def test_a_page_size_that_coercion_will_refuse_counts_as_the_default(value: object):
    assert admit("query($n:Int){products(first:$n){nodes{id}}}", n=value).cost == 1 + 20


def test_an_absurd_cost_is_told_as_a_number_that_javascript_can_read():
    found = refusal(PAGES, n=10**19)
    assert (found.code, found.actual) == (ErrorCode.COST_LIMIT, 1 << 53)


# Validation and choice of the operation ----------------------------------------------------------


def test_the_introspection_of_the_usual_tools_passes():
    assert admit(get_introspection_query(input_value_deprecation=True)).cost < limits.COST


def test_introspection_that_goes_in_circles_is_refused():
    text = "{__schema{types{" + "fields{type{" * 6 + "name" + "}}" * 6 + "}}}"
    with pytest.raises((Refusal, Invalid)):
        admit(text)


def test_validation_gives_no_suggestions_and_at_most_ten_errors():
    found = invalid("{" + "".join(f"portfolioz(id:{i}){{nam}}" if i == 0 else f" x{i}" for i in range(15)) + "}")
    assert len(found.errors) == 10
    assert not [error for error in found.errors if "Did you mean" in error.message]


def test_a_text_that_is_no_query_fails_at_its_place():
    found = invalid("{portfolio(")
    assert found.code is ErrorCode.GRAPHQL_PARSE_FAILED
    assert [place.column for place in found.errors[0].locations or ()] == [12]


@pytest.mark.parametrize("escape", [r"\u0000", r"\u{0}", r"\u{0000}", r"a\\\u0000"])
def test_a_literal_with_the_character_that_ends_texts_is_bad_input(escape: str):
    assert refusal(f'{{portfolio(id:"{escape}"){{id}}}}').code is ErrorCode.BAD_USER_INPUT


@pytest.mark.parametrize("escape", [r"\\u0000", r"\u0001", "u0000", "1e999", "9" * 21])
def test_other_escapes_are_no_such_character(escape: str):
    assert admit(f'{{portfolio(id:"{escape}"){{id}}}}')


@pytest.mark.parametrize("number", ["1e999", "-1E+999", "9" * 400 + ".5", "9" * 21])
def test_a_literal_beyond_numbers_is_bad_input(number: str):
    assert refusal(f"{{portfolio(id:{number}){{id}}}}").code is ErrorCode.BAD_USER_INPUT


@pytest.mark.parametrize("number", ["1e100", "1e-999", "9" * 20])
def test_large_numbers_are_left_to_their_types(number: str):
    found = invalid(f"{{products(first:{number}){{totalCount}}}}")
    assert found.code is ErrorCode.GRAPHQL_VALIDATION_FAILED


def test_half_a_surrogate_pair_in_a_literal_is_no_query():
    assert invalid(r'{portfolio(id:"\ud800"){id}}').code is ErrorCode.GRAPHQL_PARSE_FAILED


def test_an_invalid_document_is_invalid_every_time():
    gate = Gate(SCHEMA)
    for _ in range(2):
        with pytest.raises(Invalid):
            gate.admit(Parameters("{nothing}"))


def test_several_operations_need_a_name_of_theirs():
    text = "query a{__typename} query b{portfolio(id:1){id}}"
    assert admit(text, name="b").cost == 1
    assert refusal(text).code is ErrorCode.BAD_REQUEST
    assert refusal(text, name="c").code is ErrorCode.BAD_REQUEST
    assert refusal("fragment a on Product{id}").code is ErrorCode.BAD_REQUEST


def test_a_subscription_is_refused():
    assert refusal("subscription{scores}").code is ErrorCode.OPERATION_NOT_ALLOWED


def test_an_anonymous_request_may_ask_whether_anyone_is_there():
    assert admit("{__typename}", anonymous=True)


@pytest.mark.parametrize(
    "text",
    [
        "{portfolio(id:1){id}}",
        "{__schema{queryType{name}}}",
        "{__typename nothing}",
        "{...a} fragment a on Query{__typename}",
        "mutation{__typename}",
    ],
)
def test_an_anonymous_request_for_more_is_refused_before_validation(text: str):
    assert refusal(text, anonymous=True).code is ErrorCode.UNAUTHENTICATED


# Memory ------------------------------------------------------------------------------------------


def test_a_known_document_is_not_parsed_again():
    gate = Gate(SCHEMA)
    first, second = (gate.admit(Parameters("{portfolio(id:1){id}}")) for _ in range(2))
    assert first.operation is second.operation


def test_the_documents_used_least_recently_are_forgotten_by_number_and_by_size():
    gate = Gate(SCHEMA, documents_kept=2, text_kept=400)
    first = gate.admit(Parameters("{a:__typename}")).operation
    gate.admit(Parameters("{b:__typename}"))
    assert gate.admit(Parameters("{a:__typename}")).operation is first
    gate.admit(Parameters("{c:__typename}"))
    assert gate.admit(Parameters("{a:__typename}")).operation is first
    gate.admit(Parameters("{d:__typename}#" + "x" * 380))
    assert gate.admit(Parameters("{a:__typename}")).operation is not first
