"""How soon a measurement is a score: sent through the API, and the API asked until the new score is there."""

import json
import os
import statistics
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from bench.data import PRODUCTS
from bench.targets import Target
from cli.server.supervision import subcommand
from runtime.child_process import ChildProcess
from runtime.clock import Clock
from runtime.embedded.servers import EmbeddedServers
from runtime.postgres import Database
from workers.measurement.recompute_health import recompute_health

_RECORD = """
mutation ($input: MeasurementsRecordInput!) { measurementsRecord(input: $input) { accepted userErrors { message } } }
"""
_SCORE = "query ($key: String!) { product(by: {key: $key}) { health { fingerprint recomputePending } } }"
_LONGEST_SECONDS = 20.0
_NODES = "select count(*) from health_score where tenant_id = $1"


@dataclass(frozen=True)
class Reaction:
    """Milliseconds from sending a measurement to reading the product's new score."""

    count: int
    p50_ms: float
    p95_ms: float


async def recompute_all(url: str, tenant_ids: list[UUID], report: Callable[[str, int, int], None]) -> float:
    """Scores every node of every tenant in this process, and returns nodes per second."""
    database = await Database.open(url, size=2)
    nodes: int = 0
    began = time.perf_counter()
    for position, tenant_id in enumerate(tenant_ids, start=1):
        report(f"tenant {position}", position, len(tenant_ids))
        await recompute_health(database, Clock(), tenant_id)
        async with database.transaction(tenant_id) as connection:
            nodes += await connection.fetchval(_NODES, tenant_id) or 0
    elapsed = time.perf_counter() - began
    await database.close()
    return nodes / elapsed


def measure_reaction(
    servers: EmbeddedServers, target: Target, count: int, report: Callable[[str, int, int], None]
) -> Reaction:
    with _worker(servers):
        # The first of all also waits for the worker to start.
        _react(target, 0)
        elapsed = []
        for position in range(1, count + 1):
            report("a measurement", position, count)
            elapsed.append(1000 * _react(target, position))
    return Reaction(count, statistics.median(elapsed), statistics.quantiles(elapsed, n=20)[-1])


def _react(target: Target, position: int) -> float:
    number = position % PRODUCTS
    key = f"PRODUCT-{number}"
    before = _score(target, key)
    row = {"kpiKey": f"KPI-{number}-0", "value": 5000 + position, "observedAt": datetime.now(UTC).isoformat()}
    began = time.perf_counter()
    answer = _ask(target, _RECORD, {"input": {"measurements": [row]}})["measurementsRecord"]
    if answer["accepted"] != 1:
        raise RuntimeError(f"the measurement was refused: {answer}")
    while (health := _score(target, key))["recomputePending"] or health == before:
        if time.perf_counter() - began > _LONGEST_SECONDS:
            raise RuntimeError(f"{key} has no new score after {_LONGEST_SECONDS:.0f} s")
        time.sleep(0.002)
    return time.perf_counter() - began


def _score(target: Target, key: str) -> dict[str, Any]:
    return _ask(target, _SCORE, {"key": key})["product"]["health"]


def _ask(target: Target, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{target.port}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json", **target.headers()},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        document = json.load(answer)
    if "errors" in document:
        raise RuntimeError(f"refused: {document['errors']}")
    return document["data"]


@contextmanager
def _worker(servers: EmbeddedServers) -> Iterator[None]:
    environment = {**os.environ, "FOLIOSCOPE_HOME": str(servers.home), "FOLIOSCOPE_LOG_LEVEL": "warning"}
    process = ChildProcess("worker", subcommand("worker"), environment, servers.home / "worker.log")
    process.start()
    try:
        yield
    finally:
        process.stop()
