"""The parameters of a GraphQL request, from a JSON body or from a query string."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from api import limits
from api.http.strict_json import parse_json, refuse_unstorable
from runtime.refusal import ErrorCode, Refusal


@dataclass(frozen=True)
class Parameters:
    """What the client sent, in shape but not yet understood."""

    text: str
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)


def from_body(body: bytes) -> Parameters:
    members = parse_json(body)
    if isinstance(members, list):
        raise Refusal(ErrorCode.BAD_REQUEST, "Send one operation a request; batches are refused.")
    if not isinstance(members, dict):
        raise Refusal(ErrorCode.BAD_REQUEST, "The body must be a JSON object.")
    return _check(members)


def from_query_string(query_string: bytes) -> Parameters:
    """Variables and extensions are JSON texts. A name given twice is ambiguous and refused."""
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=bool(query_string),
            errors="strict",
            max_num_fields=16,
        )
    except ValueError:
        raise Refusal(ErrorCode.BAD_REQUEST, "The query string cannot be read.") from None
    members: dict[str, Any] = dict(pairs)
    if len(members) < len(pairs):
        raise Refusal(ErrorCode.BAD_REQUEST, "The query string has the same name twice.")
    for name in ("variables", "extensions"):
        if members.get(name):
            members[name] = parse_json(members[name].encode())
        else:
            members.pop(name, None)
    return _check(members)


def _check(members: dict[str, Any]) -> Parameters:
    text = _member(members, "query", str, "a string")
    operation_name = _member(members, "operationName", str, "a string")
    variables = _member(members, "variables", dict, "an object")
    extensions = _member(members, "extensions", dict, "an object")
    if text is None:
        if "persistedQuery" in (extensions or {}):
            message = "PersistedQueryNotSupported"  # the very word that Apollo's clients look for
            raise Refusal(ErrorCode.PERSISTED_QUERY_NOT_SUPPORTED, message)
        raise Refusal(ErrorCode.BAD_REQUEST, "The request has no query.")
    refuse_unstorable([text, operation_name, variables])
    _refuse_length(text)
    return Parameters(text, operation_name or None, variables or {})


def _member(members: dict[str, Any], name: str, kind: type, description: str) -> Any:
    """Null means absent, as the GraphQL over HTTP specification has it."""
    value = members.get(name)
    if value is not None and not isinstance(value, kind):
        raise Refusal(ErrorCode.BAD_REQUEST, f"{name} must be {description}.")
    return value


def _refuse_length(text: str) -> None:
    size = len(text.encode())
    if size > limits.QUERY_BYTES:
        raise Refusal(
            ErrorCode.QUERY_TOO_LONG,
            f"A query has at most {limits.QUERY_BYTES} bytes.",
            limit=limits.QUERY_BYTES,
            actual=size,
        )
