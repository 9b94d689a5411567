"""The embedded default: a real PostgreSQL and a real Valkey, owned by this process for one home."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from runtime.embedded.file_lock import try_lock
from runtime.embedded.places import embedded_database_url, embedded_redis_url, socket_directory
from runtime.embedded.postgres import PostgresCluster
from runtime.embedded.unprivileged import unprivileged_identity
from runtime.embedded.valkey import ValkeyServer
from runtime.failure import Failure


def _ignore(_: str) -> None:
    """Nobody watches."""


class EmbeddedServers:
    """The servers while the context lasts, on sockets in a directory of this user only.

    However this process ends, they end too, and the next start recovers. Enter from the main
    thread (see ChildProcess); the asynchronous form is the same and blocks while they start.
    `postgres` and `valkey` may be stopped or killed by a test; `restart_stopped` mends it.
    """

    def __init__(
        self,
        home: Path,
        postgres_version: Literal[18, 16] = 18,
        *,
        durable: bool = True,
        only: Literal["postgres", "valkey"] | None = None,
        progress: Callable[[str], None] = _ignore,
    ) -> None:
        """`durable` False gives up safety on a power cut. `only` leaves the other server out.

        `progress` hears each step before it begins.
        """
        self.home = home.absolute()
        self.sockets = socket_directory(self.home)
        self.database_url = embedded_database_url(self.home)
        self.redis_url = embedded_redis_url(self.home)
        self._cluster = PostgresCluster(self.home, self.sockets, postgres_version, durable)
        self._valkey_server = ValkeyServer(self.home, self.sockets)
        self.postgres = self._cluster.process()
        self.valkey = self._valkey_server.process()
        self._with_postgres = only != "valkey"
        self._with_valkey = only != "postgres"
        self._progress = progress
        self._owner_lock: int | None = None

    def start(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._owner_lock = try_lock(self.home / "owner.lock")
        if self._owner_lock is None:
            raise Failure(
                f"Another process runs the servers of {self.home}.",
                "Stop it, or set FOLIOSCOPE_HOME to another folder for a second Folioscope.",
            )
        try:
            self._start_servers()
        except BaseException:
            self.stop()
            raise

    def _start_servers(self) -> None:
        _prepare_sockets(self.sockets)
        for log in (self.postgres.log, self.valkey.log):
            if log and log.exists():
                log.replace(log.with_suffix(".previous.log"))
        if self._with_postgres and not self._cluster.exists():
            self._progress("creating the database cluster")
            self._cluster.create()
        self._progress("waiting for the first answer")
        self.restart_stopped()

    def restart_stopped(self) -> list[str]:
        """Starts whatever does not run, names it, and returns when it answers."""
        started = []
        if self._with_valkey and not self.valkey.is_running():
            self._valkey_server.start(self.valkey)
            started.append(self.valkey.name)
        if self._with_postgres and not self.postgres.is_running():
            self._cluster.start(self.postgres)
            started.append(self.postgres.name)
        return started

    def stop(self) -> None:
        """Safe to call twice."""
        self.postgres.stop(30)
        self.valkey.stop()
        if self._owner_lock is not None:
            _remove_sockets(self.sockets)
            os.close(self._owner_lock)
            self._owner_lock = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()


def _prepare_sockets(folder: Path) -> None:
    """Trust authentication rests on this directory: ours, 0700, and no link to elsewhere."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        found = folder.lstat()
        owners = (os.geteuid(), unprivileged_identity().uid)
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in owners:
            raise Failure(
                f"{folder} belongs to somebody else.",
                "Remove it, or set TMPDIR to a folder of your own.",
            ) from None
        folder.chmod(0o700)


def _remove_sockets(folder: Path) -> None:
    try:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    except OSError:
        # Something is still there or already gone; the next start cleans up.
        return
