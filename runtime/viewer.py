"""Who asks: the holder of an API key, what the key may do and what it may see."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from uuid import UUID

from runtime.refusal import ErrorCode, Refusal

_SECRET_BYTES = 32
_KEY = re.compile(r"fsk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True)
class Viewer:
    """Exactly one of person and service account holds the key.

    scopes: READ, WRITE, INGEST, ADMIN.
    granted_portfolio_ids: these and all below them; null means every portfolio.
    """

    tenant_id: UUID
    key_id: UUID
    person_id: UUID | None
    service_account_id: UUID | None
    scopes: frozenset[str]
    granted_portfolio_ids: tuple[UUID, ...] | None

    @property
    def holder_id(self) -> UUID:
        holder_id = self.person_id or self.service_account_id
        assert holder_id is not None, "the database holds every key to one holder"
        return holder_id

    def require(self, scope: str) -> None:
        """Raises FORBIDDEN unless the key has the scope."""
        if scope not in self.scopes:
            raise Refusal(ErrorCode.FORBIDDEN, f"This needs an API key with scope {scope}.")


def make_key(key_id: UUID) -> tuple[str, bytes]:
    """A new key's text, shown to its holder once, and the digest to store."""
    secret = secrets.token_bytes(_SECRET_BYTES)
    text = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    return f"fsk_{key_id.hex}_{text}", hashlib.sha256(secret).digest()


def parse_key(text: str) -> tuple[UUID, bytes] | None:
    """Id and digest of a key's text; null for text that no key could be."""
    match = _KEY.fullmatch(text)
    if match is None:
        return None
    secret = base64.urlsafe_b64decode(match[2] + "=")
    return UUID(match[1]), hashlib.sha256(secret).digest()
