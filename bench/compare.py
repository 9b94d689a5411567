"""The comparison: each target in turn, round after round, so that the machine's moods reach all alike."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.operations import OPERATIONS, count_leaves
from bench.targets import Target, body_of, postgres_cpu_seconds
from runtime.embedded.servers import EmbeddedServers

CONNECTIONS = (16, 1)


@dataclass(frozen=True)
class Sample:
    """One target under one operation in one round. CPU per request, in the target's process and in PostgreSQL."""

    operation: str
    connections: int
    target: str
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    postgres_cpu_ms: float


def check_answers(targets: Mapping[str, Target]) -> dict[str, int]:
    """Leaf values of each operation's answer. Raises if the targets answer differently."""
    leaves: dict[str, int] = {}
    for operation in OPERATIONS:
        answers = {name: target.ask(operation) for name, target in targets.items()}
        expected = answers["folioscope"]
        different = [name for name, answer in answers.items() if answer != expected]
        if different:
            raise RuntimeError(f"{operation}: {', '.join(different)} answers otherwise than folioscope")
        leaves[operation] = count_leaves(expected)
    return leaves


def compare(
    servers: EmbeddedServers,
    targets: Mapping[str, Target],
    rounds: int,
    seconds: float,
    report: Callable[[str, int, int], None],
) -> list[Sample]:
    plan = [
        (operation, connections, target)
        for _ in range(rounds)
        for operation in OPERATIONS
        for connections in CONNECTIONS
        for target in targets.values()
    ]
    samples: list[Sample] = []
    for position, (operation, connections, target) in enumerate(plan, start=1):
        report(f"{operation}, {connections} connections, {target.name}", position, len(plan))
        samples.append(_measure(servers, target, operation, connections, seconds))
    return samples


def _measure(servers: EmbeddedServers, target: Target, operation: str, connections: int, seconds: float) -> Sample:
    load = {
        "port": target.port,
        "path": target.path(operation),
        "body": body_of(operation),
        "headers": target.headers(),
        "connections": connections,
        "seconds": seconds,
    }
    before = target.cpu_seconds(), postgres_cpu_seconds(servers)
    command = (sys.executable, "-m", "bench.client")
    done = subprocess.run(command, input=json.dumps(load), capture_output=True, text=True, check=False, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"{target.name}, {operation}: {done.stderr.strip().splitlines()[-1]}")
    used = target.cpu_seconds() - before[0], postgres_cpu_seconds(servers) - before[1]
    found = json.loads(done.stdout)
    sent = found["sent"]
    return Sample(
        operation,
        connections,
        target.name,
        found["per_second"],
        found["p50_ms"],
        found["p99_ms"],
        1000 * used[0] / sent,
        1000 * used[1] / sent,
    )
