"""The embedded servers: real, private to one home, and gone when their owner is."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio

from runtime.embedded.servers import EmbeddedServers
from runtime.failure import Failure

OWNER = Path(__file__).parent / "owner.py"
ORDINARY_USER = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def deep_home(tmp_path: Path) -> Path:
    """Deeper than the 107 bytes that a socket's path may have."""
    return tmp_path.joinpath(*["folder"] * 30)


@pytest.fixture
def open_home() -> Iterator[Path]:
    """A home that an ordinary user can reach, as pytest's own folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="folioscope-test-"))
    folder.chmod(0o755)
    home = folder / "home"
    home.mkdir()
    yield home
    shutil.rmtree(folder)


async def execute(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_both_servers_answer_from_a_deep_home(deep_home: Path):
    with EmbeddedServers(deep_home) as servers:
        assert await execute(servers.database_url, "select 1") == 1
        client = redis.asyncio.from_url(servers.redis_url)
        assert await client.set("key", "value")
        await client.aclose()
        assert servers.sockets.stat().st_mode & 0o777 == 0o700
    assert not servers.sockets.exists()


async def test_what_is_committed_survives_a_killed_server_and_a_second_start(tmp_path: Path):
    with EmbeddedServers(tmp_path, only="postgres") as servers:
        await execute(servers.database_url, "create table kept (id int)")
        await execute(servers.database_url, "insert into kept values (7)")
        servers.postgres.send(signal.SIGKILL)
        servers.postgres.wait(10)
        assert servers.restart_stopped() == ["PostgreSQL"]
        assert await execute(servers.database_url, "select id from kept") == 7
    with EmbeddedServers(tmp_path, only="postgres") as servers:
        assert await execute(servers.database_url, "select id from kept") == 7


def test_a_home_has_one_owner(tmp_path: Path):
    second = EmbeddedServers(tmp_path, only="valkey")
    with (
        EmbeddedServers(tmp_path, only="valkey"),
        pytest.raises(Failure, match="Another process runs the servers"),
    ):
        second.start()


async def test_order_is_by_code_point(database: str, database_16: str):
    sql = "select string_agg(name, '' order by name) from (values ('b'),('a'),('B'),('é')) t(name)"
    assert await execute(database, sql) == await execute(database_16, sql) == "Babé"


def start_owner(home: Path, *identity: str, path: str | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    if path:
        environment["PATH"] = path
    return subprocess.Popen(
        [*identity, sys.executable, str(OWNER), str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )


def read_owner(owner: subprocess.Popen[str]) -> tuple[int, int, str]:
    assert owner.stdout
    postgres, valkey, url = owner.stdout.readline().split()
    return int(postgres), int(valkey), url


def stop(owner: subprocess.Popen[str]) -> None:
    """In order: it has stopped its servers when this returns."""
    with owner:
        assert owner.stdin
        owner.stdin.close()
        assert owner.wait(20) == 0


def user_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def runs(pid: int) -> bool:
    """A process that has ended and waits to be reaped does not run."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sends a signal at a parent's death")
async def test_nothing_outlives_an_owner_that_is_killed_and_the_next_one_recovers(tmp_path: Path):
    owner = start_owner(tmp_path)
    postgres, valkey, url = read_owner(owner)
    await execute(url, "create table kept as select 7 as id")
    with owner:
        owner.kill()
    with EmbeddedServers(tmp_path) as servers:
        assert await execute(servers.database_url, "select id from kept") == 7
        assert not runs(postgres)
        assert not runs(valkey)


@needs_root
def test_an_ordinary_user_can_run_them(open_home: Path):
    imports = [*ORDINARY_USER, sys.executable, "-c", "import runtime.embedded.servers"]
    if subprocess.run(imports, check=False, capture_output=True, cwd=OWNER.parents[2]).returncode:
        pytest.skip("an ordinary user cannot read this Python or this checkout")
    os.chown(open_home, 65534, 65534)
    owner = start_owner(open_home, *ORDINARY_USER)
    read_owner(owner)
    assert (open_home / "postgres-18").stat().st_uid == 65534
    stop(owner)


@needs_root
async def test_root_can_run_them_where_user_namespaces_are_forbidden(tmp_path: Path):
    with EmbeddedServers(tmp_path, only="postgres") as servers:
        await execute(servers.database_url, "create table kept as select 7 as id")
    # A search path without `unshare` looks the same to us as a container that forbids it.
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("setpriv", "true"):
        (programs / name).symlink_to(shutil.which(name) or name)
    owner = start_owner(tmp_path, path=str(programs))
    postgres, _, url = read_owner(owner)
    assert user_of(postgres) == 65534
    assert await execute(url, "select id from kept") == 7
    stop(owner)
    with EmbeddedServers(tmp_path, only="postgres") as servers:
        assert await execute(servers.database_url, "select id from kept") == 7
