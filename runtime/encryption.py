"""Secrets of connections, readable only with the settings' key and only in their own place."""

import secrets
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from runtime.settings import Settings

# For Settings.derive_key: whoever seals and whoever opens must derive the same key.
PURPOSE = "secrets of connections"

_NONCE_BYTES = 12


class Undecryptable(Exception):
    """Sealed with another key, for another connection, or damaged."""


class SecretBox:
    """AES-256-GCM with a random nonce. Tenant and connection are authenticated data: a sealed
    secret that is copied to another row does not open there."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def from_settings(cls, settings: Settings) -> "SecretBox":
        return cls(settings.derive_key(PURPOSE))

    def seal(self, secret: bytes, tenant_id: UUID, connection_id: UUID) -> bytes:
        """Nonce, ciphertext and tag."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, _place(tenant_id, connection_id))

    def open(self, sealed: bytes, tenant_id: UUID, connection_id: UUID) -> bytes:
        nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, ciphertext, _place(tenant_id, connection_id))
        except (InvalidTag, ValueError) as fault:
            raise Undecryptable("the secret does not open with this key in this place") from fault


def _place(tenant_id: UUID, connection_id: UUID) -> bytes:
    return tenant_id.bytes + connection_id.bytes
