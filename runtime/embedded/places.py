"""Where the embedded servers of a home are reached: a pure function of the home's path."""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import quote

DATABASE = "folioscope"
SUPERUSER = "folioscope_admin"
PORT = "5432"

# A socket's path fits in 104 bytes on macOS and 108 on Linux; the longest name we add is 14.
_LONGEST_DIRECTORY = 88


def socket_directory(home: Path) -> Path:
    """A short path for a home of any depth, the same in every process of this user."""
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
    name = f"folioscope-{os.geteuid()}-{digest}"
    temporary = Path(tempfile.gettempdir())
    if len(os.fsencode(temporary / name)) > _LONGEST_DIRECTORY:
        temporary = Path("/tmp")
    return temporary / name


def embedded_database_url(home: Path, database: str = DATABASE) -> str:
    host = quote(str(socket_directory(home)), safe="/")
    return f"postgresql://{SUPERUSER}@/{database}?host={host}&port={PORT}"


def embedded_redis_url(home: Path) -> str:
    return f"unix://{socket_directory(home) / 'valkey.sock'}"
