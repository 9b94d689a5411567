"""The table: medians of all rounds, and ratios formed within each round."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.compare import CONNECTIONS, Sample
from bench.operations import OPERATIONS
from bench.reaction import Reaction

README = Path(__file__).parent / "README.md"
_NAMES = {"folioscope": "Folioscope", "limit": "limit", "dataloaders": "Strawberry with DataLoaders"}


@dataclass(frozen=True)
class Results:
    samples: Sequence[Sample]
    leaves: dict[str, int]
    nodes_per_second: float
    reaction: Reaction
    command: str
    postgres_version: str


def write_report(results: Results) -> str:
    """Text of bench/README.md."""
    return "\n".join([*_introduction(results), *_ratios(results), *_figures(results), *_scores(results), ""])


def _introduction(results: Results) -> list[str]:
    leaves = ", ".join(f"{OPERATIONS[name].title} {count:,}" for name, count in results.leaves.items())
    return [
        "# Figures",
        "",
        (
            f"Written by `{results.command} --write` on {datetime.now(UTC).date().isoformat()}: {os.cpu_count()} cores,"
            f" {_memory_gib():.0f} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()},"
            f" PostgreSQL {results.postgres_version}. Servers, load and database share these cores."
        ),
        "",
        (
            "10 tenants, 2,000 products, 10,000 initiatives, 8,000 KPIs, 240,000 measurements;"
            f" scores by the engine itself. Leaf values of an answer: {leaves}."
        ),
        "",
        "* **Folioscope**: `folioscope serve`, one process, with API key and row-level security.",
        "* **limit**: the same statement with its claim, same role and server, without GraphQL and key.",
        (
            "* **Strawberry with DataLoaders**: the same tables and JSON, written as one would by hand, without key and"
            " row-level security (`dataloaders.py`)."
        ),
        "",
        (
            "All answers are compared as JSON before anything is measured. Targets take turns within a round;"
            " a ratio is formed within its round."
        ),
        "",
    ]


def _ratios(results: Results) -> list[str]:
    lines = [
        "## Requests per second, as ratios (median of the rounds, least and greatest)",
        "",
        "| | connections | Folioscope : limit | Folioscope : DataLoaders |",
        "|---|---|---|---|",
    ]
    for operation, asked in OPERATIONS.items():
        for connections in CONNECTIONS:
            cells = [_ratio(results.samples, operation, connections, other) for other in ("limit", "dataloaders")]
            lines.append(f"| {asked.title} | {connections} | {' | '.join(cells)} |")
    return [*lines, ""]


def _ratio(samples: Sequence[Sample], operation: str, connections: int, other: str) -> str:
    ours = _of(samples, operation, connections, "folioscope")
    theirs = _of(samples, operation, connections, other)
    ratios = [a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)]
    return f"**{statistics.median(ratios):.2f}** ({min(ratios):.2f} to {max(ratios):.2f})"


def _figures(results: Results) -> list[str]:
    lines = [
        "## Medians",
        "",
        "| | connections | | requests/s | p50 ms | p99 ms | CPU ms, server | CPU ms, PostgreSQL |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for operation, asked in OPERATIONS.items():
        for connections in CONNECTIONS:
            for target, name in _NAMES.items():
                found = _of(results.samples, operation, connections, target)
                lines.append(f"| {asked.title} | {connections} | {name} | {_medians(found)} |")
    return [*lines, ""]


def _medians(samples: Sequence[Sample]) -> str:
    columns = [
        [sample.per_second for sample in samples],
        [sample.p50_ms for sample in samples],
        [sample.p99_ms for sample in samples],
        [sample.cpu_ms for sample in samples],
        [sample.postgres_cpu_ms for sample in samples],
    ]
    return " | ".join(_three_digits(statistics.median(column)) for column in columns)


def _scores(results: Results) -> list[str]:
    reaction = results.reaction
    return [
        "## Scores",
        "",
        (
            f"* A measurement sent to the API until the new score is read from it, {reaction.count} times:"
            f" p50 {reaction.p50_ms:.0f} ms, p95 {reaction.p95_ms:.0f} ms."
        ),
        f"* Recomputing every node of every tenant, one process: {results.nodes_per_second:,.0f} nodes/s.",
    ]


def _of(samples: Sequence[Sample], operation: str, connections: int, target: str) -> list[Sample]:
    wanted = (operation, connections, target)
    return [sample for sample in samples if (sample.operation, sample.connections, sample.target) == wanted]


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
