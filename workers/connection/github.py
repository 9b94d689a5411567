"""Stored deliveries of GitHub, from bytes to what they say."""

import zlib
from typing import Any
from urllib.parse import parse_qs

import orjson

from portfolio.github import Ignored, Reading, read

_FORM = "application/x-www-form-urlencoded"
_NOT_JSON = Ignored("the body is not JSON")


def decode(event: str, headers: dict[str, Any], compressed_body: bytes) -> Reading | Ignored:
    """JSON comes bare or, GitHub's default for hooks made by hand, as the form field `payload`."""
    body = zlib.decompress(compressed_body)
    try:
        if str(headers.get("content-type", "")).lower().startswith(_FORM):
            fields = parse_qs(body.decode("ascii"), strict_parsing=True, max_num_fields=10)
            body = "".join(fields.get("payload", [])).encode()
        payload = orjson.loads(body)
    except ValueError:  # that of a form, of an encoding, or of JSON
        return _NOT_JSON
    return read(event, payload)
