"""Cursors open only where they were made: for the same tenant, field and order, unchanged."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from compiler.cursor import CursorKey
from compiler.statement import Binding, Rejected

TENANT, OTHER_TENANT = UUID(int=1), UUID(int=2)
KEY = CursorKey.from_secret(b"secret")
SCOPE = "Query.products|NAME+,ID+"


def binding(tenant_id: UUID = TENANT) -> Binding:
    return Binding({}, tenant_id, None, None, datetime(2026, 11, 20, tzinfo=UTC))


def cursor(values: list[str | None], tenant_id: UUID = TENANT, scope: str = SCOPE, key: CursorKey = KEY) -> str:
    payload = json.dumps(values).encode()
    return base64.urlsafe_b64encode(key.sign(f"1|{tenant_id}|{scope}|".encode() + payload) + payload).decode()


def is_refused(text: object, length: int = 2) -> bool:
    with pytest.raises(Rejected) as caught:
        KEY.read(text, binding(), SCOPE, length)
    return caught.value.code == "BAD_CURSOR"


def test_a_cursor_gives_back_its_values():
    assert KEY.read(cursor(["ä", None]), binding(), SCOPE, 2) == ["ä", None]


@pytest.mark.parametrize("secret", [b"short", b"x" * 64, b"y" * 200])
def test_the_signature_is_hmac_sha256_whatever_the_length_of_the_secret(secret: bytes):
    import hmac  # noqa: PLC0415 - the standard library's, as the reference

    assert CursorKey.from_secret(secret).sign(b"message") == hmac.digest(secret, b"message", "sha256")[:9]


def test_a_cursor_of_another_tenant_field_order_or_secret_is_refused():
    assert is_refused(cursor(["a", "b"], tenant_id=OTHER_TENANT))
    assert is_refused(cursor(["a", "b"], scope="Query.initiatives|NAME+,ID+"))
    assert is_refused(cursor(["a", "b"], scope="Query.products|NAME-,ID+"))
    assert is_refused(cursor(["a", "b"], key=CursorKey.from_secret(b"another")))
    assert is_refused(cursor(["a", "b"]), length=3)


def test_any_changed_byte_of_a_cursor_is_refused():
    data = base64.urlsafe_b64decode(cursor(["a", "b"]))
    for place in range(len(data)):
        changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        assert is_refused(base64.urlsafe_b64encode(changed).decode())


@pytest.mark.parametrize(
    "text", ["", "=", "x", "ünï", "\ud800", "A" * 5000, "null", "e30=", "0", base64.b64encode(b"\0" * 40).decode()]
)
def test_what_is_no_cursor_is_refused(text: str):
    assert is_refused(text)


def test_cut_and_lengthened_cursors_are_refused():
    text = cursor(["a", "b"])
    shortened: Callable[[int], str] = lambda end: text[:end]  # noqa: E731 - named for what it gives
    assert all(is_refused(shortened(end)) for end in range(len(text)))
    assert is_refused(text + "AAAA")
