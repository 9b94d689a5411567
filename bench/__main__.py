"""`python -m bench`: loads the measured company, scores it, and measures reads and reactions."""

import argparse
import asyncio
import os
import tempfile
from pathlib import Path
from uuid import UUID

import asyncpg

from bench.compare import check_answers, compare
from bench.load import load
from bench.reaction import measure_reaction, recompute_all
from bench.report import README, Results, write_report
from bench.targets import targets
from cli.progress import Report, step
from runtime.embedded.servers import EmbeddedServers
from runtime.migrate import migrate

_MEASURED_TENANT = 2


def main() -> None:
    options = _parse()
    # Figures of one's own servers would be compared with those of others.
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as folder, EmbeddedServers(Path(folder)) as servers:
        text = _measure(servers, options)
    if options.write:
        README.write_text(text)
    print(text)


def _measure(servers: EmbeddedServers, options: argparse.Namespace) -> str:
    asyncio.run(migrate(servers.database_url))
    with step("Loading ten tenants") as report:
        keys = asyncio.run(load(servers.database_url, report))
    with step("Scoring every node") as report:
        nodes_per_second = asyncio.run(_score(servers.database_url, list(keys), report))
    tenant_id, key = list(keys.items())[_MEASURED_TENANT]
    with targets(servers, tenant_id, key) as found:
        with step("Comparing the answers"):
            leaves = check_answers(found)
        with step("Reading") as report:
            samples = compare(servers, found, options.rounds, options.seconds, report)
        with step("Measuring until scored") as report:
            reaction = measure_reaction(servers, found["folioscope"], options.reactions, report)
    version = asyncio.run(_version(servers.database_url))
    return write_report(Results(samples, leaves, nodes_per_second, reaction, _command(options), version))


async def _score(url: str, tenant_ids: list[UUID], report: Report) -> float:
    nodes_per_second = await recompute_all(url, tenant_ids, report)
    connection = await asyncpg.connect(url)
    await connection.execute("vacuum analyze")
    await connection.execute("checkpoint")
    await connection.close()
    return nodes_per_second


async def _version(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval("select current_setting('server_version')")
    finally:
        await connection.close()


def _command(options: argparse.Namespace) -> str:
    return f"python -m bench --rounds {options.rounds} --seconds {options.seconds:g} --reactions {options.reactions}"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="rounds of all targets (default 5)")
    parser.add_argument("--seconds", type=float, default=3, help="length of one measurement (default 3)")
    parser.add_argument("--reactions", type=int, default=200, help="measurements to wait for (default 200)")
    parser.add_argument("--write", action="store_true", help="write bench/README.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
