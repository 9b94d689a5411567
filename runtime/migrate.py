"""Plain SQL files, applied in order, each once and never edited afterwards."""

import hashlib
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from runtime.failure import Failure

MIGRATIONS = Path(__file__).parent.parent / "database" / "migrations"

# Any number that nothing else locks: the first eight bytes of SHA-256("folioscope migrations").
_LOCK = int.from_bytes(hashlib.sha256(b"folioscope migrations").digest()[:8], signed=True)
_NO_TRANSACTION = "-- migrate: no-transaction"

_OWNER_MAY_CREATE = """
select exists (
  select from pg_roles where rolname = 'folioscope_owner' and has_schema_privilege(oid, 'public', 'create')
)
"""

_CREATE_HISTORY = """
create table if not exists schema_migration (
  name text collate "C" primary key,
  checksum bytea not null,
  applied_at timestamptz not null default now()
)
"""


@dataclass(frozen=True)
class Migration:
    name: str
    sql: str

    @property
    def checksum(self) -> bytes:
        return hashlib.sha256(self.sql.encode()).digest()

    @property
    def in_transaction(self) -> bool:
        """A file that opts out by its first line holds one statement, which PostgreSQL requires."""
        return self.sql.splitlines()[:1] != [_NO_TRANSACTION]


def read_migrations(directory: Path = MIGRATIONS) -> list[Migration]:
    paths = sorted(directory.glob("*.sql"))
    for position, path in enumerate(paths, start=1):
        if not re.fullmatch(rf"{position:04d}_[a-z0-9_]+\.sql", path.name):
            raise Failure(
                f"{path.name} is out of place among the migrations.",
                f"Its name must be {position:04d}_what_it_does.sql: numbered without gaps.",
            )
    return [Migration(path.stem, path.read_text(encoding="utf-8")) for path in paths]


async def migrate(
    database: str | asyncpg.Connection,
    directory: Path = MIGRATIONS,
    *,
    dry_run: bool = False,
    progress: Callable[[str, int, int], None] | None = None,
) -> list[str]:
    """Applies what is pending and returns its names; with `dry_run` only returns them.

    Safe to run at the same time from several processes, and again after a failure: the files
    before the failing one stay applied. `progress` hears name, position and number before each.
    """
    migrations = read_migrations(directory)
    if isinstance(database, str):
        connection = await asyncpg.connect(database)
        try:
            return await _migrate(connection, migrations, dry_run, progress)
        finally:
            await connection.close()
    return await _migrate(database, migrations, dry_run, progress)


async def _migrate(
    connection: asyncpg.Connection,
    migrations: Sequence[Migration],
    dry_run: bool,
    progress: Callable[[str, int, int], None] | None,
) -> list[str]:
    # Waiting here is waiting for another process that migrates; no other time limit applies to it.
    await connection.execute("set lock_timeout = 0; set statement_timeout = 0")
    await connection.execute("select pg_advisory_lock($1)", _LOCK)
    try:
        pending = await pending_migrations(connection, migrations)
        if dry_run or not pending:
            return [migration.name for migration in pending]
        await connection.execute(_CREATE_HISTORY)
        for position, migration in enumerate(pending, start=1):
            if progress:
                progress(migration.name, position, len(pending))
            await _apply(connection, migration)
        return [migration.name for migration in pending]
    finally:
        await connection.execute("select pg_advisory_unlock($1)", _LOCK)
        await connection.execute("reset role; reset lock_timeout; reset statement_timeout")


async def pending_migrations(connection: asyncpg.Connection, migrations: Sequence[Migration]) -> list[Migration]:
    """What is not applied yet. A history that differs from the files is a Failure."""
    if await connection.fetchval("select to_regclass('schema_migration')") is None:
        return list(migrations)
    rows = await connection.fetch("select name, checksum from schema_migration order by name")
    for row, migration in zip(rows, migrations, strict=False):
        if row["name"] != migration.name:
            raise _foreign_history(row["name"])
        if row["checksum"] != migration.checksum:
            raise Failure(
                f"Migration {migration.name} was edited after it had been applied.",
                "Restore the file and put the change into a new migration. "
                "A demo may also start anew: remove FOLIOSCOPE_HOME.",
            )
    if len(rows) > len(migrations):
        raise _foreign_history(rows[len(migrations)]["name"])
    return list(migrations[len(rows) :])


def _foreign_history(name: str) -> Failure:
    return Failure(
        f"The database has applied migration {name}, which this version does not know.",
        "Run the version of Folioscope that migrated it, or a newer one.",
    )


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    transaction: AbstractAsyncContextManager[object] = (
        connection.transaction() if migration.in_transaction else nullcontext()
    )
    try:
        # A migration that waits for a lock makes everybody behind it wait too.
        await connection.execute("set lock_timeout = '10s'")
        async with transaction:
            await _act_as_owner(connection)
            await connection.execute(migration.sql)
            await connection.execute("reset role")
            await connection.execute(
                "insert into schema_migration (name, checksum) values ($1, $2)",
                migration.name,
                migration.checksum,
            )
    except asyncpg.PostgresError as error:
        raise _failed(migration, error) from error


async def _act_as_owner(connection: asyncpg.Connection) -> None:
    """What a migration makes belongs to the owner, so that the next one may alter it. The first makes that role and
    lets it create in this database; one that needs an administrator's rights begins with `reset role;`."""
    if await connection.fetchval(_OWNER_MAY_CREATE):
        await connection.execute("set role folioscope_owner")


def _failed(migration: Migration, error: asyncpg.PostgresError) -> Failure:
    position = getattr(error, "position", None)
    line = migration.sql.count("\n", 0, int(position)) + 1 if position else None
    where = f"{migration.name}, line {line}" if line else migration.name
    if isinstance(error, asyncpg.LockNotAvailableError):
        remedy = "Something held a lock for 10 s. Nothing changed; run the command again."
    elif migration.in_transaction:
        remedy = "The file's transaction was rolled back. Correct it and run the command again."
    else:
        remedy = "It runs without a transaction: undo by hand what it left, then run it again."
    context = getattr(error, "context", None)
    return Failure(f"Migration {where}: {error}{f' ({context})' if context else ''}", remedy)
