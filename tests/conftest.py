"""Real servers for every test: embedded ones, or databases made on DATABASE_URL and REDIS_URL."""

import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import redis.asyncio

from runtime.embedded.servers import EmbeddedServers
from runtime.migrate import migrate
from runtime.settings import Home, Settings

_GIVEN_DATABASE_URL = os.environ.get("DATABASE_URL")
_GIVEN_REDIS_URL = os.environ.get("REDIS_URL")


def pytest_configure() -> None:
    """What a developer has set for a running Folioscope must not reach the tests, nor they it."""
    for name in list(os.environ):
        if name.startswith("FOLIOSCOPE_") and name != "FOLIOSCOPE_SOAK":
            del os.environ[name]
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    Home.model_config["env_file"] = Settings.model_config["env_file"] = None


@dataclass(frozen=True)
class Servers:
    """The user of `database_url` may create databases. `embedded` is None with both URLs given."""

    database_url: str
    redis_url: str
    embedded: EmbeddedServers | None = None


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    if _GIVEN_DATABASE_URL and _GIVEN_REDIS_URL:
        yield Servers(_GIVEN_DATABASE_URL, _GIVEN_REDIS_URL)
        return
    with EmbeddedServers(tmp_path_factory.mktemp("servers"), durable=False) as embedded:
        yield Servers(
            _GIVEN_DATABASE_URL or embedded.database_url,
            _GIVEN_REDIS_URL or embedded.redis_url,
            embedded,
        )


@pytest.fixture(scope="session")
def postgres_16_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The oldest version we promise, started only if a test asks for it."""
    home = tmp_path_factory.mktemp("postgres-16")
    with EmbeddedServers(home, 16, durable=False, only="postgres") as embedded:
        yield embedded.database_url


@pytest.fixture(scope="session")
async def template_database(servers: Servers) -> AsyncIterator[str]:
    async with migrated_template(servers.database_url) as name:
        yield name


@pytest.fixture(scope="session")
async def template_database_16(postgres_16_url: str) -> AsyncIterator[str]:
    async with migrated_template(postgres_16_url) as name:
        yield name


@pytest.fixture(scope="module")
async def database(servers: Servers, template_database: str) -> AsyncIterator[str]:
    """The URL of a migrated, empty database of this module alone. Its user is a superuser."""
    async with created_database(servers.database_url, template_database) as url:
        yield url


@pytest.fixture(scope="module")
async def database_16(postgres_16_url: str, template_database_16: str) -> AsyncIterator[str]:
    """As `database`, on PostgreSQL 16."""
    async with created_database(postgres_16_url, template_database_16) as url:
        yield url


@pytest.fixture
async def empty_database(servers: Servers) -> AsyncIterator[str]:
    """The URL of a database without our schema, of this test alone."""
    async with created_database(servers.database_url, "template0") as url:
        yield url


@pytest.fixture(scope="module")
async def redis_url(servers: Servers) -> str:
    """A Redis database that holds nothing when the module begins: number 15 of a given server."""
    url = servers.redis_url
    if _GIVEN_REDIS_URL and not url.startswith("unix:"):
        url = urlsplit(url)._replace(path="/15").geturl()
    client = redis.asyncio.from_url(url)
    await client.flushdb()
    await client.aclose()
    return url


def database_url_of(server_url: str, name: str) -> str:
    """Unlike geturl, keeps the empty host of a socket's URL."""
    return re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{name}", server_url)


@asynccontextmanager
async def migrated_template(server_url: str) -> AsyncIterator[str]:
    async with created_database(server_url, "template0") as url:
        await migrate(url)
        yield urlsplit(url).path.removeprefix("/")


@asynccontextmanager
async def created_database(server_url: str, template: str) -> AsyncIterator[str]:
    """A database that exists inside the context. Copying a template takes about 50 ms."""
    name = f"folioscope_test_{secrets.token_hex(6)}"
    connection = await asyncpg.connect(server_url)
    try:
        await connection.execute(f"create database {name} template {template}")
        try:
            yield database_url_of(server_url, name)
        finally:
            await connection.execute(f"drop database {name} with (force)")
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def repository() -> Path:
    return Path(__file__).parent.parent


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `folioscope up` keeps its data: whoever comes first fills it, which takes half a minute, for all."""
    return tmp_path_factory.mktemp("demo_home")
