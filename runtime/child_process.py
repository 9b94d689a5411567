"""Child processes that stop when told to and never outlive the process that started them."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals


@dataclass
class ChildProcess:
    """One program, started again as often as needed.

    Start it from the main thread only: Linux sends the death signal when the *thread* that
    started the child ends.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    log: Path | None = None
    """Receives standard output and error; None: they are those of this process."""
    identity: tuple[str, ...] = ()
    """A command in front that changes the user and then runs the rest."""
    stop_signal: Signals = signal.SIGTERM
    death_signal: Signals = signal.SIGKILL
    """Sent by the kernel when this process dies in any way, on Linux."""
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self, inherited_files: tuple[int, ...] = ()) -> None:
        command = [*self.identity, *_dying_with_parent(self.death_signal), *self.command]
        output = self.log.open("ab") if self.log else None
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                env=self.environment,
                pass_fds=inherited_files,
                # Out of the terminal's group: Ctrl-C reaches only us, and we stop in order.
                process_group=0,
            )
        finally:
            if output:
                output.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def exit_status(self) -> int | None:
        """None while it runs and before its first start; negative: the signal that ended it."""
        return self._process.poll() if self._process else None

    def send(self, number: Signals) -> None:
        if self._process:
            self._process.send_signal(number)

    def wait(self, seconds: float) -> None:
        """Returns when it has ended; TimeoutExpired if it has not by then."""
        if self._process:
            self._process.wait(seconds)

    def stop(self, seconds: float = 10) -> None:
        """Asks, waits, then kills. Safe to call at any time and twice."""
        if self._process is None:
            return
        self.send(self.stop_signal)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _dying_with_parent(number: Signals) -> tuple[str, ...]:
    setpriv = shutil.which("setpriv") if sys.platform == "linux" else None
    return (setpriv, "--pdeathsig", number.name.removeprefix("SIG"), "--") if setpriv else ()
