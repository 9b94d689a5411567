"""What a process is told by its environment, checked once and as a whole."""

import hashlib
import hmac
import os
import secrets
import sys
import textwrap
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from runtime.embedded.places import embedded_database_url, embedded_redis_url
from runtime.failure import Failure


def _database_url(earlier: dict[str, Any]) -> str:
    return embedded_database_url(earlier["home"])


def _redis_url(earlier: dict[str, Any]) -> str:
    return embedded_redis_url(earlier["home"])


def _secret_key(earlier: dict[str, Any]) -> SecretStr:
    """Made only beside an embedded database: elsewhere several machines must share it."""
    home: Path = earlier["home"]
    if earlier["database_url"] == embedded_database_url(home):
        return ensure_secret_key(home)
    return _stored_secret_key(home) or SecretStr("")


class Home(BaseSettings):
    """The first setting, on which the defaults of others rest."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_ignore_empty=True,
        env_prefix="FOLIOSCOPE_",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
    )

    home: Annotated[
        Path,
        Field(description="Folder of the embedded servers' data, the API key and the secret key."),
    ] = Path(".folioscope")


class Settings(Home):
    """Every setting of every process. Made by `load_settings`, which explains all faults."""

    host: Annotated[str, Field(description="Address on which the API listens.")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="Port on which the API listens, 1 to 65535.")] = 8000
    database_url: str = Field(
        default_factory=_database_url,
        validation_alias="DATABASE_URL",
        repr=False,
        pattern=r"^postgres(ql)?://",
        description="PostgreSQL 16 or newer: postgresql://user:password@host/database. "
        "Unset: the PostgreSQL that `folioscope up` runs.",
    )
    redis_url: str = Field(
        default_factory=_redis_url,
        validation_alias="REDIS_URL",
        repr=False,
        pattern=r"^(rediss?|unix)://",
        description="Redis 7 or Valkey 8, or newer: redis://host:6379/0. Unset: the Valkey that `folioscope up` runs.",
    )
    secret_key: SecretStr = Field(
        default_factory=_secret_key,
        min_length=32,
        description="At least 32 characters, the same in every process. Encrypts the secrets of "
        "connections and signs cursors; whoever loses it loses those secrets. Unset: the file "
        "secret-key in FOLIOSCOPE_HOME, which `folioscope up` makes. "
        "`openssl rand -base64 32` prints a new one.",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        Field(description="Least severity that is logged: debug, info, warning or error."),
    ] = "info"
    log_format: Annotated[
        Literal["console", "json"],
        Field(description="console for people, json (an object a line) for log collectors."),
    ] = "console"
    api_processes: Annotated[int, Field(ge=1, le=64, description="API processes that share the port, 1 to 64.")] = 1
    database_pool_size: Annotated[
        int, Field(ge=2, le=200, description="PostgreSQL connections of a process, 2 to 200.")
    ] = 16
    redis_pool_size: Annotated[int, Field(ge=2, le=1000, description="Redis connections of a process, 2 to 1000.")] = 50

    @property
    def embedded_database(self) -> bool:
        return self.database_url == embedded_database_url(self.home)

    @property
    def embedded_redis(self) -> bool:
        return self.redis_url == embedded_redis_url(self.home)

    def derive_key(self, purpose: str) -> bytes:
        """32 bytes for one purpose, so that no two uses share a key: HMAC-SHA-256 of its name."""
        secret = self.secret_key.get_secret_value().encode()
        return hmac.digest(secret, purpose.encode(), hashlib.sha256)


def load_settings() -> Settings:
    """From the environment, then `.env`, then defaults. A Failure lists every fault by variable."""
    try:
        return Settings()
    except ValidationError as error:
        # A default that rests on a faulty setting is no fault of its own.
        faults = [f for f in error.errors() if f["type"] != "default_factory_not_called"]
        lines = [_explain(str(fault["loc"][0])) for fault in faults]
        raise Failure(
            "\n".join(["These settings are missing or not what they must be:", *lines]),
            "Correct the environment or .env; .env.example describes every variable.",
        ) from None


def _explain(location: str) -> str:
    """What the variable must be. Never echoes the value, which may be a password."""
    for name, information in Settings.model_fields.items():
        variable = variable_name(name, information)
        if location in (name, variable):
            return f"  {variable}: {information.description}"
    return f"  {location}"


def variable_name(name: str, information: FieldInfo) -> str:
    alias = information.validation_alias
    return alias if isinstance(alias, str) else f"FOLIOSCOPE_{name.upper()}"


def ensure_secret_key(home: Path) -> SecretStr:
    """The key stored in the home, made if there is none. Safe to run twice and at once."""
    path = home / "secret-key"
    if not path.exists():
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = home / f"secret-key.{os.getpid()}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        try:
            path.hardlink_to(unfinished)
        except FileExistsError:
            # Another process was first; its key is the key.
            pass
        finally:
            unfinished.unlink()
    return SecretStr(path.read_text().strip())


def _stored_secret_key(home: Path) -> SecretStr | None:
    path = home / "secret-key"
    return SecretStr(path.read_text().strip()) if path.exists() else None


def example() -> str:
    """The text of .env.example."""
    lines = ["# Settings of Folioscope. Copy to .env and uncomment what differs from the default."]
    for name, information in Settings.model_fields.items():
        default = "" if information.default_factory else information.default
        lines += [
            "",
            *(f"# {line}" for line in textwrap.wrap(information.description or "", 96)),
            f"#{variable_name(name, information)}={default}",
        ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(example())
