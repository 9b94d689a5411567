"""Cursors: the sort values of an item, signed for one tenant, field and order, readable only by who made them."""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from compiler.statement import Binder, Binding, Rejected, Statement

_MAC_BYTES = 9  # a multiple of three, so that the base64 of the MAC ends where that of the payload begins
_BLOCK_BYTES = 64


@dataclass(frozen=True)
class CursorKey:
    """HMAC-SHA256 with its two padded keys at hand, so that PostgreSQL can compute the same with sha256() alone."""

    inner: bytes
    outer: bytes

    @classmethod
    def from_secret(cls, secret: bytes) -> "CursorKey":
        padded = (
            secret.ljust(_BLOCK_BYTES, b"\0")
            if len(secret) <= _BLOCK_BYTES
            else hashlib.sha256(secret).digest().ljust(_BLOCK_BYTES, b"\0")
        )
        return cls(bytes(byte ^ 0x36 for byte in padded), bytes(byte ^ 0x5C for byte in padded))

    def sign(self, message: bytes) -> bytes:
        return hashlib.sha256(self.outer + hashlib.sha256(self.inner + message).digest()).digest()[:_MAC_BYTES]

    def read(self, text: object, binding: Binding, scope: str, length: int) -> list[str | None]:
        """Sort values and id. Raises Rejected BAD_CURSOR for text not made for this tenant, field and order."""
        try:
            data = base64.b64decode(str(text), altchars=b"-_", validate=True) if len(str(text)) <= 4096 else b""
            mac, payload = data[:_MAC_BYTES], data[_MAC_BYTES:]
            message = _scope_text(binding.tenant_id, scope).encode() + payload
            if not hmac.compare_digest(mac, self.sign(message)):
                raise ValueError("signature")
            values = json.loads(payload)
        except (ValueError, binascii.Error, UnicodeEncodeError):
            raise _bad_cursor() from None
        if len(values) != length:
            raise _bad_cursor()
        return values

    def print_sql(self, statement: Statement, scope: str, values: Sequence[str]) -> str:
        """Expression that prints a cursor; values are the sort expressions and the id."""
        inner = statement.parameter(lambda _: self.inner, "bytea", "cursor inner key")
        outer = statement.parameter(lambda _: self.outer, "bytea", "cursor outer key")
        prefix = statement.parameter(
            lambda binding: _scope_text(binding.tenant_id, scope), "text", ("cursor scope", scope)
        )
        payload = f"json_build_array({', '.join(f'({value})::text' for value in values)})::text"
        mac = (
            f"substr(sha256({outer} || sha256({inner} || convert_to({prefix} || {payload}, 'UTF8'))), 1, {_MAC_BYTES})"
        )
        return f"translate(encode({mac} || convert_to({payload}, 'UTF8'), 'base64'), E'+/\\n', '-_')"

    def value_binder(self, read_cursor: Binder, scope: str, length: int, index: int) -> Binder:
        return lambda binding: self.read(read_cursor(binding), binding, scope, length)[index]


def _scope_text(tenant_id: UUID, scope: str) -> str:
    return f"1|{tenant_id}|{scope}|"


def _bad_cursor() -> Rejected:
    return Rejected(
        "BAD_CURSOR",
        "This cursor was not made by this field with this order; start again without it.",
    )
