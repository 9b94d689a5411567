"""`folioscope up`: one command brings everything up, and takes everything down."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from runtime.embedded.file_lock import try_lock

# In a folder without .env: a developer's own settings must not reach it.
COMMAND = (sys.executable, "-P", "-m", "cli", "up")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(home: Path, port: int) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and all it printed until it was ready; stopped at the end if it still runs."""
    process = subprocess.Popen(
        COMMAND,
        stdout=subprocess.PIPE,
        text=True,
        cwd=home,
        env={**os.environ, "FOLIOSCOPE_HOME": str(home), "FOLIOSCOPE_PORT": str(port)},
    )
    assert process.stdout
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ctrl-C"):
                break
        yield process, "".join(lines)
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def descendants(pid: int) -> list[int]:
    """Every process below this one. Linux only."""
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [below for child in found for below in descendants(child)]


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}/exe").exists() for pid in pids):
        assert time.monotonic() < deadline, "something still runs"
        time.sleep(0.05)


def test_a_taken_port_is_said_before_anything_is_started(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        outcome = subprocess.run(
            COMMAND,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "FOLIOSCOPE_HOME": str(tmp_path), "FOLIOSCOPE_PORT": str(port)},
            timeout=30,
            check=False,
        )
    assert outcome.returncode == 1
    assert f"Something else listens on port {port}" in outcome.stderr
    assert f"FOLIOSCOPE_PORT={port + 1}" in outcome.stderr
    assert not list(tmp_path.glob("postgres*"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads the process tree from /proc")
async def test_it_answers_the_request_it_prints_and_stops_all_it_started(demo_home: Path):
    port = free_port()
    with running(demo_home, port) as (process, printed):
        assert f"Folioscope is ready at http://127.0.0.1:{port}/" in printed
        key = (demo_home / "api-key").read_text().strip()
        assert f"API key: {key}" in printed
        assert (demo_home / "api-key").stat().st_mode & 0o777 == 0o600
        answer = await send_printed_request(printed)
        assert "errors" not in answer
        assert answer["data"]
        started = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        wait_until_gone(started)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sends a signal at a parent's death")
def test_nothing_outlives_it_when_it_is_killed_and_it_starts_again(demo_home: Path):
    port = free_port()
    with running(demo_home, port) as (process, _):
        started = descendants(process.pid)
        process.kill()
        process.wait()
        wait_until_gone(started)
    with running(demo_home, port) as (_, printed):
        assert "Folioscope is ready" in printed
    home_is_free(demo_home)


def home_is_free(home: Path) -> None:
    held = try_lock(home / "owner.lock")
    assert held is not None
    os.close(held)


async def send_printed_request(printed: str) -> dict[str, object]:
    """Sends what the printed `curl -s URL -H HEADER -H HEADER -d BODY` would, without curl."""
    line = re.search(r"^ *curl (.*)$", printed, re.MULTILINE)
    assert line
    _, url, _, authorization, _, content_type, _, body = shlex.split(line[1])
    headers = dict(header.split(": ", 1) for header in (authorization, content_type))
    async with httpx.AsyncClient() as client:
        response = await client.post(url, headers=headers, content=body)
    return response.json()
