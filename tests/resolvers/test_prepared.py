"""What is worked out once for an operation is what graphql-core works out each time."""

from typing import Any

import pytest
from graphql import build_schema, get_operation_ast, get_variable_values, parse
from graphql.execution.collect_fields import FragmentDetails, collect_fields
from graphql.execution.values import VariableValues

from resolvers.engine.prepared import Prepared

SCHEMA = build_schema("""
enum Band { HEALTHY }
input By { key: String }
type Query { field(id: ID, text: String, flag: Boolean, number: Int, band: Band, by: By, share: Float): Int other: Int }
""")
_DEFINITIONS = (
    *("$v: ID", "$v: ID!", "$v: String", "$v: String!", '$v: String = "x"', "$v: Boolean!", "$v: Boolean = true"),
    *("$v: Int", "$v: Int!", "$v: Int = 7", "$v: [ID!]", "$v: [Int]!", "$v: Band", "$v: By", "$v: Float", "$v: Float!"),
)
_VALUES: tuple[Any, ...] = (
    *("", "x", "HEALTHY", 0, 1, -(1 << 31), (1 << 31) - 1, 1 << 31, -(1 << 31) - 1, 1.0, 1.5, True, False, None),
    *([], ["x"], [1], {}, {"key": "x"}, {"key": None}, {"colour": 1}),
)


def prepare(text: str) -> Prepared:
    document = parse(text)
    node = get_operation_ast(document)
    assert node is not None
    return Prepared(SCHEMA, document, node)


def _plain(variables: VariableValues) -> tuple[list[Any], list[Any]]:
    """Types that are not null are made anew for each variable, and equal nothing but themselves."""
    sources = [(name, str(source.signature.type), source.value) for name, source in variables.sources.items()]
    return sources, [(name, type(value), value) for name, value in variables.coerced.items()]


@pytest.mark.parametrize("definition", _DEFINITIONS)
def test_variables_are_coerced_as_by_graphql_core(definition: str):
    prepared = prepare(f"query ({definition}, $w: ID) {{ other }}")
    for given in ({}, *({"v": value, "w": "1", "more": 1} for value in _VALUES)):
        expected = get_variable_values(
            SCHEMA, prepared.node.variable_definitions or (), given, max_errors=10, hide_suggestions=True
        )
        found = prepared.coerce(given)
        if isinstance(expected, VariableValues):
            assert isinstance(found, VariableValues), given
            assert _plain(found) == _plain(expected)
        else:
            assert isinstance(found, list), given
            assert [error.message for error in found] == [error.message for error in expected]


@pytest.mark.parametrize(
    "text",
    [
        "query ($v: Boolean!) { a: field other }",
        "query ($v: Boolean!) { a: field @include(if: $v) other }",
        "query ($v: Boolean!) { ...Part other } fragment Part on Query { a: field @skip(if: $v) other }",
        "query ($v: Boolean!) { ... @include(if: $v) { a: field } other }",
        "query ($v: Boolean!) { a: field a: field other @skip(if: true) }",
    ],
)
def test_root_fields_are_selected_as_by_graphql_core_whatever_ran_before(text: str):
    prepared = prepare(text)
    for value in (True, False, True):
        variables = prepared.coerce({"v": value})
        assert isinstance(variables, VariableValues)
        details = {name: FragmentDetails(fragment) for name, fragment in prepared.fragments.items()}
        expected = collect_fields(SCHEMA, details, variables, prepared.root, prepared.node)
        assert prepared.select(variables) == list(expected.grouped_field_set.items())
