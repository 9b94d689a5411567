"""Owns embedded servers until it is told to stop: `python owner.py HOME` prints their numbers."""

import sys
from pathlib import Path

from runtime.embedded.servers import EmbeddedServers

if __name__ == "__main__":
    with EmbeddedServers(Path(sys.argv[1])) as servers:
        print(servers.postgres.pid, servers.valkey.pid, servers.database_url, flush=True)  # noqa: T201
        sys.stdin.read()
