"""Keeps child processes running until it is told to stop, then stops all of them."""

import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

from cli.application import notices
from runtime.child_process import ChildProcess

_LONGEST_PAUSE = 30.0


def stop_on_signals() -> None:
    """The first SIGINT, SIGTERM or SIGHUP raises KeyboardInterrupt; later ones change nothing."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as `nohup` leaves it
        numbers.append(signal.SIGHUP)

    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in numbers:
        signal.signal(each, interrupt)


def subcommand(name: str, *arguments: str) -> tuple[str, ...]:
    """This program again, as a child; -P, since the current folder may hold another `cli`."""
    return (sys.executable, "-P", "-m", "cli", name, *arguments)


@dataclass
class Supervised:
    """A child that is started again when it ends, after a longer pause if it ended soon."""

    process: ChildProcess
    inherited_files: tuple[int, ...] = ()
    pause: float = 0.5
    started_at: float = field(default=0.0, init=False)
    due_at: float | None = field(default=None, init=False)

    def start(self) -> None:
        self.process.start(self.inherited_files)
        self.started_at = time.monotonic()
        self.due_at = None

    def check(self) -> None:
        now = time.monotonic()
        if self.due_at is not None:
            if now >= self.due_at:
                self.start()
        elif not self.process.is_running():
            lasted = now - self.started_at
            self.pause = 0.5 if lasted > 60 else min(self.pause * 2, _LONGEST_PAUSE)
            self.due_at = now + self.pause
            notices.print(
                f"[yellow]{self.process.name} ended (status {self.process.exit_status()}); "
                f"it starts again in {self.pause:.0f} s.[/]"
            )


def supervise(children: Sequence[Supervised], also: Callable[[], None] | None = None) -> None:
    """Never returns; ends by KeyboardInterrupt. `also` is called at each look, 4 times a second."""
    while True:
        for child in children:
            child.check()
        if also:
            also()
        time.sleep(0.25)


def stop_all(children: Sequence[Supervised], seconds: float = 15) -> None:
    """Asks all at once, so that the slowest alone decides how long it takes."""
    for child in children:
        if child.process.is_running():
            child.process.send(child.process.stop_signal)
    deadline = time.monotonic() + seconds
    for child in children:
        child.process.stop(max(0.1, deadline - time.monotonic()))
