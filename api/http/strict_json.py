"""JSON read as every other reader would read it: what is ambiguous, endless or unstorable is refused."""

import json
import math
import re
from typing import Any, NoReturn

from api import limits
from runtime.refusal import ErrorCode, Refusal

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


def parse_json(body: bytes) -> Any:
    """Raises INVALID_JSON, or BAD_USER_INPUT for JSON whose values cannot be taken."""
    _refuse_depth(body)
    try:
        text = body.decode("utf-8")
        return _DECODER.decode(text)
    except UnicodeDecodeError:
        raise Refusal(ErrorCode.INVALID_JSON, "The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise Refusal(ErrorCode.INVALID_JSON, f"The body is not JSON: {place}.") from None


def refuse_unstorable(value: Any) -> None:
    """Raises BAD_USER_INPUT for a text or list inside the value that nothing of ours could take."""
    if isinstance(value, str):
        _refuse_text(value)
    elif isinstance(value, list):
        if len(value) > limits.LIST_ITEMS:
            raise Refusal(
                ErrorCode.BAD_USER_INPUT,
                f"A list has at most {limits.LIST_ITEMS} items.",
                limit=limits.LIST_ITEMS,
                actual=len(value),
            )
        for item in value:
            refuse_unstorable(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_text(key)
            refuse_unstorable(item)


def _refuse_text(text: str) -> None:
    if "\x00" in text:
        raise Refusal(ErrorCode.BAD_USER_INPUT, "A text contains the character U+0000.")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            message = "A text contains half of a surrogate pair."
            raise Refusal(ErrorCode.BAD_USER_INPUT, message) from None


def _refuse_depth(body: bytes) -> None:
    """Before parsing: Python's parser would meet its own recursion limit."""
    if body.count(b"[") + body.count(b"{") <= limits.JSON_DEPTH:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > limits.JSON_DEPTH:
            raise Refusal(
                ErrorCode.INVALID_JSON,
                f"JSON nests at most {limits.JSON_DEPTH} levels.",
                limit=limits.JSON_DEPTH,
                actual=depth,
            )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A filter in front of us may read the first of two equal names, we would read the last."""
    members = dict(pairs)
    if len(members) < len(pairs):
        raise Refusal(ErrorCode.INVALID_JSON, "An object has the same member twice.")
    return members


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > limits.INTEGER_DIGITS:
        raise Refusal(
            ErrorCode.BAD_USER_INPUT,
            f"An integer has at most {limits.INTEGER_DIGITS} digits.",
            limit=limits.INTEGER_DIGITS,
            actual=len(digits.lstrip("-")),
        )
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Refusal(ErrorCode.BAD_USER_INPUT, "A number is beyond what a double can hold.")
    return number


def _constant(name: str) -> NoReturn:
    raise Refusal(ErrorCode.INVALID_JSON, f"{name} is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_finite, parse_constant=_constant
)
