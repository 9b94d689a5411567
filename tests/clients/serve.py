"""Runs a command beside a Folioscope of its own, with FOLIOSCOPE_ADDRESS and FOLIOSCOPE_KEY in its environment."""

import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path


def main(command: list[str]) -> int:
    """The command's exit status; 1 when Folioscope does not start."""
    with tempfile.TemporaryDirectory() as home:
        address = f"http://127.0.0.1:{_free_port()}"
        settings = {**os.environ, "FOLIOSCOPE_HOME": home, "FOLIOSCOPE_PORT": address.rpartition(":")[2]}
        settings["FOLIOSCOPE_LOG_LEVEL"] = "warning"
        for elsewhere in ("DATABASE_URL", "REDIS_URL"):
            settings.pop(elsewhere, None)
        up = [sys.executable, "-m", "cli", "up", "--stop-with-parent"]
        with subprocess.Popen(up, env=settings, stdout=subprocess.PIPE, text=True) as server:
            try:
                return _beside(server, address, Path(home), command)
            finally:
                server.terminate()
                server.communicate(timeout=60)


def _beside(server: subprocess.Popen[str], address: str, home: Path, command: list[str]) -> int:
    assert server.stdout is not None
    if not any(line.startswith("Folioscope is ready") for line in server.stdout):
        return 1
    key = (home / "api-key").read_text().strip()
    environment = {**os.environ, "FOLIOSCOPE_ADDRESS": address, "FOLIOSCOPE_KEY": key}
    return subprocess.run(command, env=environment, check=False, timeout=300).returncode


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
