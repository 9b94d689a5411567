"""The schema's style guide, as far as it is a matter of names and nulls; `make clients` holds the rest by linters."""

import re
from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_non_null_type,
)

from tests.test_schema import printed, types

# KPI's two are adjectives of the scoring method, read as they are written; two say what is still to come; a value is
# named after its kind.
_BOOLEANS_OF_OTHER_NAMES = {
    "Kpi.critical",
    "Kpi.required",
    "Health.recomputePending",
    "WorkItem.needsReread",
    "CustomFieldValue.boolean",
    "HealthCap.binding",
}
# Names in other systems, and of what may be gone or has many kinds: no reference could be followed.
_IDS_OF_STRANGERS = {
    "Event.entityId",
    "EventActor.keyId",
    "EventActor.requestId",
    "ExternalLink.entityId",
    "ExternalLink.externalId",
    "Measurement.externalId",
    "ParkedJob.targetId",
}
# Unknown is not none; a complaint about the whole input has no path; a field without choices has none to list.
_LISTS_THAT_MAY_BE_NULL = {
    "CustomField.choices",
    "InitiativeProgress.weeklyThroughput",
    "JobLineError.field",
    "ProgressSnapshot.weeklyThroughput",
    "UserError.field",
    "Warning.field",
}
# As long as an enumeration, or as what the client sent; the weeks are the few that the forecast looks at.
_LISTS_WITHOUT_A_NUMBER = {
    "ApiKey.scopes",
    "MeasurementRejection.field",
    "Viewer.scopes",
    "JobLineError.field",
    "ProgressSnapshot.weeklyThroughput",
    "UserError.field",
    "Warning.field",
    "Warning.weeksStartOn",
}


def fields() -> Iterator[tuple[str, GraphQLField]]:
    """Everything that can be asked for, with its coordinate."""
    for type_ in types():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            yield from ((f"{type_.name}.{name}", field) for name, field in type_.fields.items() if name[0] != "_")


def test_a_truth_says_that_it_is_one():
    truths = {path for path, field in fields() if get_named_type(field.type).name == "Boolean"}
    assert {path for path in truths if not re.search(r"\.(is|has)[A-Z]", path)} <= _BOOLEANS_OF_OTHER_NAMES


def test_an_object_refers_to_objects_and_not_to_ids():
    assert {path for path, _ in fields() if re.search(r"Ids?$", path)} <= _IDS_OF_STRANGERS


def test_a_lookup_takes_one_of_several_names_and_may_find_nothing():
    query = build_schema(printed()).query_type
    assert query is not None
    lookups = {name: field for name, field in query.fields.items() if "by" in field.args}
    assert len(lookups) > 5
    for name, field in lookups.items():
        by = get_named_type(field.args["by"].type)
        assert isinstance(by, GraphQLInputObjectType), name
        assert by.is_one_of, name
        assert not is_non_null_type(field.type), name


def test_what_a_query_begins_with_may_be_null_unless_it_is_a_list_or_always_there():
    single = {path: field for path, field in fields() if path.startswith("Query.") and not _is_list(field)}
    assert {path for path, field in single.items() if is_non_null_type(field.type)} == {
        "Query.organization",
        "Query.viewer",
    }


def _is_list(field: GraphQLField) -> bool:
    named = get_named_type(field.type).name
    return isinstance(get_nullable_type(field.type), GraphQLList) or named.endswith("Connection")


def test_a_query_is_named_after_what_it_answers():
    assert [path for path, _ in fields() if re.match(r"Query\.(get|list|fetch|find)[A-Z]", path)] == []


def test_a_list_is_never_null_and_says_how_long_it_may_be():
    nullable, silent = set(), set()
    for path, field in fields():
        kind = get_nullable_type(field.type)
        if not isinstance(kind, GraphQLList) or path.rpartition(".")[2] in {"edges", "nodes", "userErrors", "warnings"}:
            continue
        if not (is_non_null_type(field.type) and is_non_null_type(kind.of_type)):
            nullable.add(path)
        if not ("first" in field.args or re.search(r"[Aa]t most|last \d", field.description or "")):
            silent.add(path)
    assert nullable == _LISTS_THAT_MAY_BE_NULL
    assert silent <= _LISTS_WITHOUT_A_NUMBER


def test_a_change_answers_with_an_object_that_may_be_null():
    for path, field in fields():
        owner, name = path.split(".")
        kind = get_nullable_type(field.type)
        if owner.endswith("Payload") and isinstance(kind, GraphQLObjectType):
            assert not is_non_null_type(field.type), f"{owner}.{name}"


def test_mistakes_have_a_code_of_one_enumeration_and_a_path():
    fault = build_schema(printed()).type_map["UserError"]
    assert isinstance(fault, GraphQLObjectType)
    assert set(fault.fields) == {"code", "message", "field"}
    assert isinstance(get_named_type(fault.fields["code"].type), GraphQLEnumType)
    payloads = [field for path, field in fields() if path.endswith("Payload.userErrors")]
    assert {str(field.type) for field in payloads} == {"[UserError!]!"}
