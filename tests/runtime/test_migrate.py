"""Migrations: once each, in order, never edited, and safe to start several times at once."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest

from runtime.failure import Failure
from runtime.migrate import MIGRATIONS, migrate


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    write(tmp_path, "0001_first.sql", "create table first (id int); insert into first values (1);")
    write(tmp_path, "0002_second.sql", "create table second (id int);")
    return tmp_path


def write(directory: Path, name: str, sql: str) -> None:
    (directory / name).write_text(sql)


async def fetch_value(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_processes_that_migrate_at_once_apply_each_file_once(empty_database: str, directory: Path):
    runs = await asyncio.gather(*(migrate(empty_database, directory) for _ in range(5)))
    assert sorted(map(len, runs)) == [0, 0, 0, 0, 2]
    assert await fetch_value(empty_database, "select count(*) from first") == 1


async def test_a_dry_run_names_what_is_pending_and_changes_nothing(empty_database: str, directory: Path):
    assert await migrate(empty_database, directory, dry_run=True) == ["0001_first", "0002_second"]
    assert await fetch_value(empty_database, "select to_regclass('first')") is None
    assert await fetch_value(empty_database, "select to_regclass('schema_migration')") is None


async def test_an_edited_history_is_refused(empty_database: str, directory: Path):
    await migrate(empty_database, directory)
    write(directory, "0001_first.sql", "create table other (id int);")
    with pytest.raises(Failure, match="0001_first was edited"):
        await migrate(empty_database, directory)


async def test_a_history_from_a_newer_version_is_refused(empty_database: str, directory: Path):
    await migrate(empty_database, directory)
    (directory / "0002_second.sql").unlink()
    with pytest.raises(Failure, match="0002_second, which this version does not know"):
        await migrate(empty_database, directory)


async def test_a_failing_file_leaves_nothing_of_itself_and_all_before_it(empty_database: str, directory: Path):
    write(directory, "0003_third.sql", "create table third (id int);\nselect 1/0;")
    with pytest.raises(Failure, match="0003_third: division by zero"):
        await migrate(empty_database, directory)
    assert await fetch_value(empty_database, "select to_regclass('third')") is None
    write(directory, "0003_third.sql", "create table third (id int);")
    assert await migrate(empty_database, directory) == ["0003_third"]


async def test_a_mistake_is_shown_with_its_line(empty_database: str, directory: Path):
    write(directory, "0003_third.sql", "select 1;\n\nselec 2;")
    with pytest.raises(Failure, match="0003_third, line 3"):
        await migrate(empty_database, directory)


async def test_a_file_may_opt_out_of_its_transaction(empty_database: str, directory: Path):
    sql = "-- migrate: no-transaction\ncreate index concurrently first_id on first (id)"
    write(directory, "0003_index.sql", sql)
    heard: list[tuple[str, int, int]] = []
    await migrate(empty_database, directory, progress=lambda *step: heard.append(step))
    assert heard[-1] == ("0003_index", 3, 3)
    assert await fetch_value(empty_database, "select indisvalid from pg_index "
                             "where indexrelid = 'first_id'::regclass")  # fmt: skip


async def test_what_a_migration_makes_can_be_altered_by_the_next_whether_or_not_it_names_the_role(
    empty_database: str, tmp_path: Path
):
    shutil.copytree(MIGRATIONS, tmp_path, dirs_exist_ok=True)
    next_number = len(list(MIGRATIONS.glob("*.sql"))) + 1
    write(tmp_path, f"{next_number:04d}_ship.sql", "create table ship (id int);")
    write(tmp_path, f"{next_number + 1:04d}_age.sql", "set local role folioscope_owner; alter table ship add age int;")
    index = "-- migrate: no-transaction\ncreate index concurrently ship_age on ship (age)"
    write(tmp_path, f"{next_number + 2:04d}_index.sql", index)
    await migrate(empty_database, tmp_path)
    owners = "select array_agg(distinct relowner::regrole::text) from pg_class where relname in ('ship', 'ship_age')"
    assert await fetch_value(empty_database, owners) == ["folioscope_owner"]


async def test_a_gap_in_the_numbers_is_refused(empty_database: str, directory: Path):
    write(directory, "0004_fourth.sql", "select 1;")
    with pytest.raises(Failure, match="out of place") as failure:
        await migrate(empty_database, directory)
    assert "0003_what_it_does.sql" in failure.value.remedy


async def test_a_migration_that_waits_for_a_lock_gives_up(empty_database: str, directory: Path):
    await migrate(empty_database, directory)
    write(directory, "0003_third.sql", "set local lock_timeout = '50ms'; drop table first;")
    connection = await asyncpg.connect(empty_database)
    try:
        async with connection.transaction():
            await connection.execute("select * from first")
            with pytest.raises(Failure, match="lock") as failure:
                await migrate(empty_database, directory)
        assert "run the command again" in failure.value.remedy
    finally:
        await connection.close()
