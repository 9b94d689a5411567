"""A copy of the repository with a recipe applied, and a Folioscope that runs from it."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from runtime.child_process import ChildProcess
from runtime.migrate import migrate
from tests.waiting import until


@dataclass
class Workshop:
    """Everything runs in processes of its own: this one has loaded the code without the recipe."""

    root: Path
    made: list[Path]
    """Files that the recipe made."""
    environment: Mapping[str, str]
    database_url: str
    _processes: dict[str, ChildProcess] = field(default_factory=dict)
    _client: httpx.AsyncClient | None = None

    @classmethod
    def at(cls, root: Path, made: list[Path], urls: tuple[str, str]) -> "Workshop":
        """urls: of PostgreSQL and Redis."""
        environment = {
            **os.environ,
            "DATABASE_URL": urls[0],
            "REDIS_URL": urls[1],
            "FOLIOSCOPE_HOME": str(root / ".folioscope"),
            "FOLIOSCOPE_SECRET_KEY": "s" * 32,
            "FOLIOSCOPE_LOG_LEVEL": "debug",
        }
        return cls(root, made, environment, urls[0])

    async def run(self, *arguments: str) -> str:
        """What a Python module of the copy prints. Raises AssertionError with its messages if it fails."""
        command = [sys.executable, "-m", *arguments]
        options: dict[str, Any] = {"cwd": self.root, "env": self.environment, "timeout": 60}
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False, **options)
        assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout

    async def test(self, *names: str) -> None:
        """Runs tests of the copy, which make databases of their own beside this one."""
        await self.run("pytest", "-q", "-x", "-p", "no:cacheprovider", *names)

    async def write_schema(self) -> None:
        """As `make update` does."""
        printed = await self.run("cli", "schema", "print")
        (self.root / "schema" / "schema.graphql").write_text(printed, encoding="utf-8")

    async def open(self, *programs: str) -> None:
        """A migrated database, an organization with one person and a key, the API, and what else is to run."""
        await migrate(self.database_url, self.root / "database" / "migrations")
        port = _free_port()
        self._start("serve", port=port)
        for name in programs:
            self._start(name)
        made = await self.run("cli", "organization", "create", "ACME", "--administrator", "ada")
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}",
            headers={"authorization": f"Bearer {made.strip().removeprefix('API key: ')}"},
        )
        await until(self._is_ready, 30)

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data of the answer, which has no errors."""
        assert self._client is not None
        answer = await self._client.post("/graphql", json={"query": query, "variables": variables})
        document = answer.json()
        assert "errors" not in document, document["errors"]
        return document["data"]

    async def fetch(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """As superuser."""
        connection = await asyncpg.connect(self.database_url)
        try:
            return await connection.fetch(statement, *values)
        finally:
            await connection.close()

    def log(self, name: str) -> str:
        return (self.root / f"{name}.log").read_text()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        for process in self._processes.values():
            await asyncio.to_thread(process.stop)

    def _start(self, name: str, port: int = 8000) -> None:
        environment = {**self.environment, "FOLIOSCOPE_PORT": str(port), "PYTHONPATH": str(self.root)}
        command = (sys.executable, "-P", "-m", "cli", name)
        self._processes[name] = ChildProcess(name, command, environment, self.root / f"{name}.log")
        self._processes[name].start()

    async def _is_ready(self) -> bool:
        assert self._client is not None
        assert self._processes["serve"].is_running(), self.log("serve")
        try:
            return (await self._client.get("/health/ready")).status_code == 200
        except httpx.TransportError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
