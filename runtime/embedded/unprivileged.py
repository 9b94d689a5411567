"""How PostgreSQL, which refuses to run as root, is run by root."""

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from runtime.failure import Failure

_NOBODY = 65534


@dataclass(frozen=True)
class Identity:
    """`command` goes in front of a program; its files must belong to `uid` and `gid`."""

    command: tuple[str, ...]
    uid: int
    gid: int

    def take_over(self, folder: Path) -> None:
        """Gives it the folder, made perhaps under another identity. Safe to run twice."""
        if folder.stat().st_uid == self.uid:
            return
        # The folder itself comes last, so that what was interrupted is done again.
        for directory, _, names in os.walk(folder, topdown=False):
            for path in (*(Path(directory, name) for name in names), directory):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)


@functools.cache
def unprivileged_identity() -> Identity:
    """Ourselves, unless we are root."""
    if os.geteuid() != 0:
        return Identity((), os.geteuid(), os.getegid())
    if sys.platform == "linux":
        for identity in (_user_namespace(), _nobody()):
            if _works(identity.command):
                return identity
    raise Failure(
        "PostgreSQL does not run as root, and this system lets root take no other identity.",
        "Run the command as an ordinary user, or set DATABASE_URL to a server that runs already.",
    )


def _user_namespace() -> Identity:
    """We are user 1000 to PostgreSQL and still root to the files: nothing changes hands."""
    return Identity(("unshare", "--user", "--map-user=1000", "--map-group=1000"), 0, 0)


def _nobody() -> Identity:
    """Containers forbid user namespaces: nobody, who may still walk through root's folders."""
    return Identity(
        (
            "setpriv",
            f"--reuid={_NOBODY}",
            f"--regid={_NOBODY}",
            "--clear-groups",
            "--inh-caps=+dac_override",
            "--ambient-caps=+dac_override",
        ),
        _NOBODY,
        _NOBODY,
    )


def _works(command: tuple[str, ...]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
