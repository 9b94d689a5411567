"""The text of a line: a JSON object with a type."""

from typing import Any

import orjson

from resolvers.engine.outcome import UserErrorCode, reject

Values = dict[str, Any]

_DEEPEST = 32


def read_line(text: bytes) -> Values:
    """Raises Rejection for what is no JSON object with a type."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise reject(UserErrorCode.INVALID, f"This is no JSON: {error}.") from None
    if _is_deep(value):
        raise reject(UserErrorCode.INVALID, f"Values of a line lie at most {_DEEPEST} deep in each other.")
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        message = 'A line is a JSON object with a type, such as {"type": "product", "key": "CHURN", …}.'
        raise reject(UserErrorCode.INVALID, message)
    return value


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        nested = [item.values() if isinstance(item, dict) else item for item in level if isinstance(item, dict | list)]
        level = [item for items in nested for item in items]
    return any(isinstance(item, dict | list) for item in level)
