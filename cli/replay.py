"""`folioscope replay`: sends recorded webhooks through the real door and tells what became of them."""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import typer
from rich.console import Console
from rich.table import Table

from cli.application import app
from cli.progress import Report, step
from portfolio.identity import parse_id
from runtime.encryption import SecretBox
from runtime.failure import Failure
from runtime.postgres import Database
from runtime.settings import Settings, load_settings

# Enough to keep the door busy, few enough that a laptop's API is not the thing measured.
_AT_ONCE = 4
_WAIT_SECONDS = 60
_NAMED_EVENTS = 3

_FIND = "select tenant_id, archived_at, encrypted_secrets from find_connection($1)"
_STATUSES = """
select event, status, reason from delivery
where tenant_id = $1 and id = any ($2) order by event, status, reason
"""
# All that the deliveries decide, and nothing that this database chose itself.
_FINAL_STATE = """
select 'item' as kind, i.source_id, to_jsonb(i) - $3::text[] as content,
       array(select n.key from work_item_link l
             join initiative n on n.tenant_id = l.tenant_id and n.id = l.initiative_id
             where l.tenant_id = $1 and l.work_item_id = i.id and l.valid_to is null order by n.key) as initiatives
from work_item i where i.tenant_id = $1 and i.connection_id = $2
union all
select 'milestone', m.source_id, to_jsonb(m) - $3::text[], null
from tracker_milestone m where m.tenant_id = $1 and m.connection_id = $2
order by 1, 2
"""
_OWN_COLUMNS = ["tenant_id", "connection_id", "id", "version", "created_at", "updated_at"]


@dataclass(frozen=True)
class Recording:
    """One webhook as it was recorded."""

    path: Path
    event: str
    body: bytes


@dataclass(frozen=True)
class _Target:
    """A connection to replay to, with a secret that it accepts."""

    url: str
    tenant_id: UUID
    connection_id: UUID
    secret: bytes


@app.command()
def replay(  # noqa: PLR0913, PLR0917 - typer makes each parameter an option
    paths: Annotated[list[Path], typer.Argument(help="Recorded payloads, or folders of them.", exists=True)],
    connection: Annotated[str, typer.Option(help="Id of the connection, con_….")],
    event: Annotated[str, typer.Option(help="Event of files whose folder does not name it.")] = "",
    shuffle: Annotated[int | None, typer.Option(help="Seed of a random order.")] = None,
    double: Annotated[bool, typer.Option("--double", help="Send everything twice.")] = False,
    url: Annotated[str, typer.Option(help="Address of the API; default: as in the settings.")] = "",
) -> None:
    """Send recorded webhooks, signed, to the running API and wait until they are applied.

    A file's event is that of MANIFEST.json above it, else the name of its folder. Fails when the API
    refuses one, or when a delivery is left unapplied or DEAD.
    """
    recordings = read_recordings(paths, event)
    sequence = arrange(recordings, shuffle, double=double)
    succeeded = asyncio.run(send_recordings(load_settings(), sequence, connection, url))
    raise typer.Exit(0 if succeeded else 1)


def read_recordings(paths: Sequence[Path], event: str = "") -> list[Recording]:
    """Every *.json below the paths, in order of name. event is for files that no manifest lists."""
    files = sorted({file for path in paths for file in _json_files(path)})
    if not files:
        raise Failure("There is no *.json in these paths.", "Name a folder of recorded payloads.")
    events: dict[Path, str] = {}
    for manifest in {manifest for file in files if (manifest := _manifest_above(file))}:
        events |= _manifest_events(manifest)
    return [Recording(file, events.get(file, event or file.parent.name), file.read_bytes()) for file in files]


def _json_files(path: Path) -> list[Path]:
    found = [path] if path.is_file() else path.rglob("*.json")
    return [file.resolve() for file in found if file.name != "MANIFEST.json"]


def _manifest_above(file: Path) -> Path | None:
    candidates = (folder / "MANIFEST.json" for folder in file.parents)
    return next((manifest for manifest in candidates if manifest.is_file()), None)


def _manifest_events(manifest: Path) -> dict[Path, str]:
    entries = json.loads(manifest.read_text(encoding="utf-8"))["entries"]
    named = ((entry["file"], (entry.get("header") or {}).get("X-GitHub-Event")) for entry in entries)
    return {(manifest.parent / file).resolve(): event for file, event in named if event}


def arrange(recordings: Sequence[Recording], seed: int | None, *, double: bool) -> list[tuple[Recording, str]]:
    """The order of sending, each with its delivery id. Of the doubles every other one repeats the id
    of the first, as a redelivery does, and the rest have their own, as from a second hook."""
    sequence = [(recording, str(uuid4())) for recording in recordings]
    if double:
        repeated = enumerate(sequence)
        sequence += [(recording, key if n % 2 else str(uuid4())) for n, (recording, key) in repeated]
    if seed is not None:
        random.Random(seed).shuffle(sequence)
    return sequence


async def send_recordings(
    settings: Settings, sequence: Sequence[tuple[Recording, str]], connection: str, url: str = ""
) -> bool:
    """Sends, waits and prints. False when anything was refused, left unapplied or given up."""
    database = await Database.open(settings.database_url, size=2)
    try:
        address = url or f"http://{settings.host}:{settings.port}"
        target = await _find_target(database, SecretBox.from_settings(settings), connection, address)
        with step("Sending") as report:
            answers = await _send(sequence, target, report)
        with step("Waiting for the workers") as report:
            rows = await _wait(database, target, _accepted_ids(answers), report)
        digest = await final_digest(database, target.tenant_id, target.connection_id)
    finally:
        await database.close()
    _print(answers, rows, digest)
    accepted = all(answer.status_code == 202 for answer in answers)
    return accepted and all(row["status"] not in ("NEW", "DEAD") for row in rows)


async def _find_target(database: Database, box: SecretBox, connection: str, url: str) -> _Target:
    kind, connection_id = parse_id(connection) or ("", UUID(int=0))
    async with database.connection() as session:
        row = await session.fetchrow(_FIND, connection_id)
    if kind != "CONNECTION" or row is None or row["archived_at"] or not row["encrypted_secrets"]:
        raise Failure(
            f"No connection {connection} takes deliveries.",
            "Make one with the mutation connectionCreate and give its id, con_….",
        )
    secret = box.open(row["encrypted_secrets"][0], row["tenant_id"], connection_id)
    return _Target(f"{url}/webhooks/{connection}", row["tenant_id"], connection_id, secret)


async def _send(sequence: Sequence[tuple[Recording, str]], target: _Target, report: Report) -> list[httpx.Response]:
    answers: list[httpx.Response] = []
    waiting = iter(sequence)

    async def send_on(client: httpx.AsyncClient) -> None:
        for recording, key in waiting:
            headers = _signed_headers(recording, key, target.secret)
            answers.append(await client.post(target.url, content=recording.body, headers=headers))
            report(recording.event, len(answers), len(sequence))

    async with httpx.AsyncClient(timeout=30) as client:
        try:
            await asyncio.gather(*(send_on(client) for _ in range(_AT_ONCE)))
        except httpx.TransportError as error:
            raise Failure(
                f"The API does not answer at {target.url}: {error or type(error).__name__}",
                "Start it with `folioscope up`, or give its address with --url.",
            ) from error
    return answers


def _signed_headers(recording: Recording, key: str, secret: bytes) -> dict[str, str]:
    digest = hmac.new(secret, recording.body, hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/replay",
        "x-github-event": recording.event,
        "x-github-delivery": key,
        "x-hub-signature-256": f"sha256={digest}",
    }


def _accepted_ids(answers: Sequence[httpx.Response]) -> list[UUID]:
    accepted = (answer.json()["delivery"] for answer in answers if answer.status_code == 202)
    return list({parsed[1] for public_id in accepted if (parsed := parse_id(public_id))})


async def _wait(database: Database, target: _Target, delivery_ids: list[UUID], report: Report) -> list[asyncpg.Record]:
    """Until no delivery is NEW, at most a minute without progress."""
    fewest, deadline = len(delivery_ids) + 1, time.monotonic() + _WAIT_SECONDS
    while True:
        async with database.transaction(target.tenant_id) as connection:
            rows = await connection.fetch(_STATUSES, target.tenant_id, delivery_ids)
        left = sum(row["status"] == "NEW" for row in rows)
        report("applying", len(rows) - left, len(rows))
        if left < fewest:
            fewest, deadline = left, time.monotonic() + _WAIT_SECONDS
        if not left or time.monotonic() > deadline:
            return rows
        await asyncio.sleep(0.2)


async def final_digest(database: Database, tenant_id: UUID, connection_id: UUID) -> str:
    """SHA-256 of what the connection's items, milestones and links are now, without our own ids and
    times: equal for two connections that were told the same."""
    async with database.transaction(tenant_id) as connection:
        rows = await connection.fetch(_FINAL_STATE, tenant_id, connection_id, _OWN_COLUMNS)
    state: list[Any] = [[row["kind"], row["source_id"], row["content"], row["initiatives"]] for row in rows]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()


def _print(answers: Sequence[httpx.Response], rows: Sequence[asyncpg.Record], digest: str) -> None:
    table = Table("Status", "Reason", "Deliveries", "Events")
    groups: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in rows:
        groups[row["status"], row["reason"] or ""][row["event"]] += 1
    for (status, reason), events in sorted(groups.items()):
        named = ", ".join(sorted(events)) if len(events) <= _NAMED_EVENTS else f"{len(events)} kinds"
        table.add_row(status, reason, str(events.total()), named)
    statuses = Counter(answer.status_code for answer in answers)
    duplicates = sum(answer.status_code == 202 and answer.json()["duplicate"] for answer in answers)
    console = Console()
    console.print(table)
    told = ", ".join(f"{count} with {code}" for code, count in sorted(statuses.items()))
    console.print(f"Answers: {told}; {duplicates} were repeats of a delivery id.")
    console.print(f"Final state: {digest}", soft_wrap=True)
