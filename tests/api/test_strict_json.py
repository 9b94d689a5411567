"""Bodies and query strings: what is JSON for us, and what only looks like it."""

import gzip
import json

import pytest

from api.graphql.parameters import Parameters, from_body, from_query_string
from runtime.refusal import ErrorCode, Refusal

QUERY = '{"query":"{__typename}"'


def code_of(body: bytes | str) -> ErrorCode:
    with pytest.raises(Refusal) as raised:
        from_body(body.encode() if isinstance(body, str) else body)
    return raised.value.code


def variables(text: str) -> str:
    return f'{QUERY},"variables":{{"v":{text}}}}}'


def test_a_request_is_read_with_all_it_may_have():
    body = {"query": "{a}", "operationName": "b", "variables": {"c": [1, -2.5, "ü"]}, "extensions": {}}
    assert from_body(json.dumps(body).encode()) == Parameters("{a}", "b", {"c": [1, -2.5, "ü"]})


def test_null_and_absent_members_are_the_same():
    body = {"query": "{a}", "operationName": None, "variables": None, "extensions": None}
    assert from_body(json.dumps(body).encode()) == from_body(b'{"query":"{a}"}') == Parameters("{a}")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        QUERY,
        f"{QUERY}}}{{}}",
        "'a'",
        variables("NaN"),
        variables("-Infinity"),
        variables("[" * 33 + "]" * 33),
        variables('{"and":[' * 2_000 + "{}" + "]}" * 2_000),
        "[" * 100_000,
        f'{QUERY},"query":"mutation{{a}}"}}',
        variables('{"a":1,"a":2}'),
        b"\xef\xbb\xbf" + QUERY.encode() + b"}",
        (QUERY + "}").encode("utf-16"),
        b'{"query":"{__typename}","variables":{"s":"\xff\xfe"}}',
        gzip.compress(b'{"query":"{__typename}"}'),
    ],
)
def test_what_is_not_strict_json_is_refused_as_such(body: bytes | str):
    assert code_of(body) is ErrorCode.INVALID_JSON


@pytest.mark.parametrize(
    "value", ["1" * 21, "1" * 5_000, "1e999", "-1e999", r'"\ud800"', r'["a\udfff"]', r'{"\ud800":1}', r'"\u0000"']
)
def test_values_that_nothing_could_store_are_bad_input(value: str):
    assert code_of(variables(value)) is ErrorCode.BAD_USER_INPUT


def test_a_list_has_at_most_a_thousand_items():
    assert from_body(variables(json.dumps([1] * 1_000)).encode())
    assert code_of(variables(json.dumps([1] * 1_001))) is ErrorCode.BAD_USER_INPUT


def test_brackets_inside_texts_are_not_depth():
    text = json.dumps('[{"' * 100 + "\\")
    assert from_body(variables(text).encode()).variables == {"v": '[{"' * 100 + "\\"}


def test_thirty_two_levels_are_allowed():
    assert from_body(variables("[" * 30 + "]" * 30).encode())


def test_twenty_digits_are_allowed():
    assert from_body(variables("-" + "9" * 20).encode()).variables == {"v": -(10**20 - 1)}


@pytest.mark.parametrize(
    "body",
    [
        "1",
        "null",
        "[]",
        '"a"',
        '[{"query":"{a}"},{"query":"{b}"}]',
        "{}",
        '{"query":1}',
        '{"query":"{a}","variables":[]}',
        '{"query":"{a}","variables":"{}"}',
        '{"query":"{a}","operationName":{}}',
        '{"query":"{a}","extensions":1}',
    ],
)
def test_json_that_is_no_request_is_a_bad_request(body: str):
    assert code_of(body) is ErrorCode.BAD_REQUEST


def test_a_persisted_query_is_told_apart_from_no_query():
    body = '{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}'
    assert code_of(body) is ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED


def test_a_query_has_at_most_sixteen_kibibytes():
    assert from_body(json.dumps({"query": "é" * 8 * 1024}).encode())
    with pytest.raises(Refusal) as raised:
        from_body(json.dumps({"query": "é" * 8 * 1024 + "a"}).encode())
    found = raised.value
    assert (found.code, found.limit, found.actual) == (ErrorCode.QUERY_TOO_LONG, 16_384, 16_385)


def test_a_query_string_is_read_like_a_body():
    assert from_query_string(b"query=%7Ba%7D&variables=%7B%22n%22%3A1%7D&operationName=b") == Parameters(
        "{a}", "b", {"n": 1}
    )


@pytest.mark.parametrize(
    "text", [b"", b"query", b"query=%7Ba%7D&query=b", b"query=%ff", b"variables={}", b"query={a}&variables=[]", b"\xff"]
)
def test_a_query_string_that_says_nothing_clear_is_a_bad_request(text: bytes):
    with pytest.raises(Refusal) as raised:
        from_query_string(text)
    assert raised.value.code is ErrorCode.BAD_REQUEST
