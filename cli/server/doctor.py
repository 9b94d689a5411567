"""`folioscope doctor`: what Folioscope needs, looked at one by one, each with its remedy."""

import asyncio
import difflib
import http.client
import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import redis.asyncio
import typer
from rich.markup import escape

from cli.application import app, explain, notices
from cli.server.listening import connect
from runtime.failure import Failure
from runtime.migrate import pending_migrations, read_migrations
from runtime.postgres import APPLICATION_ROLE, RELAY_ROLE
from runtime.settings import Settings, load_settings, variable_name

_LARGEST_CLOCK_DIFFERENCE = 2.0


@app.command()
def doctor() -> None:
    """Check settings, database, roles, migrations, clock, Redis and the API. Changes nothing."""
    settings = load_settings()
    failed = asyncio.run(_examine(settings))
    if failed:
        notices.print(f"{failed} of {len(_CHECKS)} checks failed.")
        raise typer.Exit(1)
    notices.print("Everything is in order.")


async def _examine(settings: Settings) -> int:
    failed = 0
    for name, check in _CHECKS:
        try:
            found = await check(settings)
            notices.print(f"[green]✓[/] {name}: {escape(found)}")
        except Exception as error:
            failure = explain(error)
            failed += 1
            notices.print(f"[red]✗[/] {name}: {escape(str(failure))}")
            notices.print(f"  Next: {escape(failure.remedy)}")
    return failed


async def _settings(settings: Settings) -> str:
    """Unknown variables are mistakes of spelling, which would otherwise go unnoticed."""
    known = {variable_name(*item) for item in Settings.model_fields.items()} | {"FOLIOSCOPE_DEBUG"}
    for name in os.environ:
        if name.startswith("FOLIOSCOPE_") and name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise Failure(
                f"{name} is set, and nothing reads it.",
                f"Did you mean {near[0]}?" if near else "Unset it. .env.example lists all.",
            )
    return f"read; data in {settings.home.absolute()}"


async def _with_database(settings: Settings, look: Callable[[asyncpg.Connection], Awaitable[str]]) -> str:
    connection = await asyncpg.connect(settings.database_url, timeout=5)
    try:
        return await look(connection)
    finally:
        await connection.close()


async def _database(settings: Settings) -> str:
    async def look(connection: asyncpg.Connection) -> str:
        version = connection.get_server_version()
        if version.major < 16:
            raise Failure(f"PostgreSQL {version.major} is too old.", "Use PostgreSQL 16 or a newer one.")
        kind = "embedded " if settings.embedded_database else ""
        return f"{kind}PostgreSQL {version.major}.{version.micro} answers"

    return await _with_database(settings, look)


async def _migrations(settings: Settings) -> str:
    async def look(connection: asyncpg.Connection) -> str:
        migrations = read_migrations()
        pending = await pending_migrations(connection, migrations)
        if pending:
            raise Failure(
                f"{len(pending)} migrations are pending, from {pending[0].name} on.",
                "Run `folioscope migrate`.",
            )
        return f"all {len(migrations)} applied, none edited"

    return await _with_database(settings, look)


async def _roles(settings: Settings) -> str:
    """A role that passes row-level security by would open every tenant to every other."""

    async def look(connection: asyncpg.Connection) -> str:
        for role in (APPLICATION_ROLE, RELAY_ROLE):
            row = await connection.fetchrow(
                "select rolsuper or rolbypassrls as unbound, pg_has_role(oid, 'set') as ours "
                "from pg_roles where rolname = $1",
                role,
            )
            if row is None:
                raise Failure(f"The role {role} does not exist.", "Run `folioscope migrate`.")
            if row["unbound"]:
                raise Failure(
                    f"The role {role} passes row-level security by.",
                    f"Run in the database: alter role {role} nosuperuser nobypassrls",
                )
            if not row["ours"]:
                raise Failure(
                    f"The user of DATABASE_URL may not become {role}.",
                    f"Run in the database, as a superuser: grant {role} to the user",
                )
        return "both exist, are bound by row-level security and can be taken"

    return await _with_database(settings, look)


async def _clock(settings: Settings) -> str:
    async def look(connection: asyncpg.Connection) -> str:
        before = datetime.now(UTC)
        there = await connection.fetchval("select clock_timestamp()")
        after = datetime.now(UTC)
        assert isinstance(there, datetime)
        difference = max((before - there).total_seconds(), (there - after).total_seconds(), 0)
        if difference > _LARGEST_CLOCK_DIFFERENCE:
            raise Failure(
                f"The database's clock differs from this machine's by {difference:.1f} s.",
                "Set both by NTP: days and deadlines are decided by them.",
            )
        return "the database's and this machine's agree"

    return await _with_database(settings, look)


async def _redis(settings: Settings) -> str:
    client = redis.asyncio.from_url(settings.redis_url, socket_timeout=5)
    try:
        server = await client.info("server")
    finally:
        await client.aclose()
    version = str(server.get("valkey_version") or server["redis_version"])
    if int(version.partition(".")[0]) < 7:
        raise Failure(f"Redis {version} is too old.", "Use Redis 7, Valkey 8 or a newer one.")
    name = "Valkey" if "valkey_version" in server else "Redis"
    return f"{'embedded ' if settings.embedded_redis else ''}{name} {version} answers"


async def _api(settings: Settings) -> str:
    connection = connect(settings, 5)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        body = answer.read(500).decode(errors="replace").strip()
    except (OSError, http.client.HTTPException):
        raise Failure(
            f"Nothing answers on port {settings.port} of {settings.host}.",
            "Start it with `folioscope up` or `folioscope serve`.",
        ) from None
    finally:
        connection.close()
    if answer.status != 200:
        raise Failure(f"The API is not ready: {body}", "Its log says why.")
    return "ready"


_CHECKS: tuple[tuple[str, Callable[[Settings], Awaitable[str]]], ...] = (
    ("Settings", _settings),
    ("Database", _database),
    ("Migrations", _migrations),
    ("Roles", _roles),
    ("Clock", _clock),
    ("Redis", _redis),
    ("API", _api),
)
