"""Locks on files that end with the processes that hold them, whatever way those end."""

import fcntl
import os
import time
from pathlib import Path


def try_lock(path: Path) -> int | None:
    """A descriptor that holds the lock until it and every inherited copy are closed; else None."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def lock(path: Path, seconds: float) -> int | None:
    """As `try_lock`, waiting up to so many seconds."""
    deadline = time.monotonic() + seconds
    while (descriptor := try_lock(path)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return descriptor
