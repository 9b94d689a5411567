"""The fingerprint of a result's inputs: SHA-256 of one canonical JSON text."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, cast

from portfolio.health.assessment.evaluation import ENGINE_VERSION


def canonical_json(value: Any) -> str:
    """Keys in code-point order, no white space, integers as strings; floats raise TypeError."""
    return json.dumps(_canonical(value), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def fingerprint(inputs: Mapping[str, Any], as_of: date, policy_version: str, previous_band: str | None) -> bytes:
    """32 bytes; the decimals inside `inputs` are strings already in their one normal form."""
    document = {
        "engine": ENGINE_VERSION,
        "policy": policy_version,
        "as_of": as_of.isoformat(),
        "inputs": inputs,
        "prev_band": previous_band,
    }
    return hashlib.sha256(canonical_json(document).encode()).digest()


def _canonical(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return {_key(key): _canonical(item) for key, item in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in cast(Sequence[Any], value)]
    raise TypeError(f"{value!r} has no canonical form; send numbers as decimal strings")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TypeError(f"object keys are strings, not {key!r}")
    return key
