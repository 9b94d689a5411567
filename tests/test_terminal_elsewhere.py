"""The terminal asks a server elsewhere as it asks the database at home, and says what stands in the way."""

import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.runtime.test_up import free_port, running

_COMMANDS = [
    ["why", "CARE-BOT"],
    ["why", "care-bot", "--json"],
    ["why", "CARE-BOT-I1", "--csv"],
    ["health", "--csv"],
    ["movers", "--since", "-P60D", "--json"],
    ["capacity", "--from", "2026-01-05", "--to", "2026-02-15", "--csv"],
]


def folioscope(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FOLIOSCOPE_", "DATABASE_"))}
    command = [sys.executable, "-m", "cli", *arguments]
    environment = {**kept, "COLUMNS": "160", **variables}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_a_server_elsewhere_answers_as_the_database_at_home(demo_home: Path, tmp_path: Path):
    port = free_port()
    elsewhere = {"FOLIOSCOPE_HOME": str(tmp_path), "FOLIOSCOPE_URL": f"http://127.0.0.1:{port}/"}
    with running(demo_home, port):
        key = (demo_home / "api-key").read_text().strip()
        for command in _COMMANDS:
            asked = folioscope(*command, **elsewhere, FOLIOSCOPE_KEY=key)
            assert asked.returncode == 0, asked.stderr
            assert asked.stdout == folioscope(*command, FOLIOSCOPE_HOME=str(demo_home)).stdout
        options = ["--url", elsewhere["FOLIOSCOPE_URL"], "--key-file", str(demo_home / "api-key")]
        assert "Care assistant" in folioscope(*options, "why", "CARE-BOT", FOLIOSCOPE_HOME=str(tmp_path)).stdout
        wrong = folioscope("health", **elsewhere, FOLIOSCOPE_KEY="fsk_" + key[-1] + key[5:])
        assert "refuses the key" in wrong.stderr
        nothing = folioscope("why", "NOBODY", **elsewhere, FOLIOSCOPE_KEY=key)
        assert "No organization, portfolio, product or initiative has the key NOBODY" in nothing.stderr
        own = folioscope("why", "CARE-BOT", "--organization", "ACME", **elsewhere, FOLIOSCOPE_KEY=key)
        assert "Leave it out, or unset FOLIOSCOPE_URL" in own.stderr


class _LogIn(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>Log in</html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named so above
        """Says nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _LogIn)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        (
            {"FOLIOSCOPE_URL": "http://127.0.0.1:9", "FOLIOSCOPE_KEY": "fsk_x"},
            "No Folioscope answers at http://127.0.0.1:9",
        ),
        ({"FOLIOSCOPE_URL": "http://127.0.0.1:9"}, "Set FOLIOSCOPE_KEY to an API key"),
        ({"FOLIOSCOPE_URL": "folioscope.example", "FOLIOSCOPE_KEY": "fsk_x"}, "is no address of a server"),
        ({"FOLIOSCOPE_URL": "http://[", "FOLIOSCOPE_KEY": "fsk_x"}, "No Folioscope answers at http://["),
        ({"FOLIOSCOPE_URL": "http://127.0.0.1:9", "FOLIOSCOPE_KEY": "fsk_ü"}, "holds a character that no key has"),
    ],
)
def test_what_stands_in_the_way_is_said_with_the_next_step(variables: dict[str, str], told: str):
    shown = folioscope("why", "CARE-BOT", **variables)
    assert (shown.returncode, told in shown.stderr, "Next:" in shown.stderr) == (1, True, True), shown.stderr


def test_another_server_is_told_from_a_folioscope(stranger: str):
    shown = folioscope("health", FOLIOSCOPE_URL=stranger, FOLIOSCOPE_KEY="fsk_x")
    assert "answers 200, and not as a Folioscope does." in shown.stderr


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path):
    shown = folioscope("--key-file", str(tmp_path / "none"), "health")
    assert "The key file cannot be read" in shown.stderr
