"""`folioscope replay` against a door that listens, and a worker."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvicorn
from pydantic import SecretStr

from api.webhooks import WebhookDoor
from cli.replay import Recording, arrange, read_recordings, send_recordings
from portfolio.identity import print_id
from runtime.clock import Clock
from runtime.encryption import SecretBox
from runtime.failure import Failure
from runtime.settings import Settings
from tests.github.tracker import Tracker, application_of

RECORDED = b'{"action": "created"}'


@pytest.fixture
def settings(database: str) -> Settings:
    return Settings(database_url=database, secret_key=SecretStr("s" * 32), redis_url="redis://nowhere")


@pytest.fixture
async def listening(tracker: Tracker, settings: Settings) -> AsyncIterator[str]:
    """A door and a worker of the tracker's tenant, whose secret the settings can open."""
    tracker.box = SecretBox.from_settings(settings)
    await tracker.add_secret("sealed-by-the-settings", slot=2)
    await tracker.administration.execute(
        "update connection_secret set retired_at = now() where tenant_id = $1 and slot = 1", tracker.tenant_id
    )
    async with served(WebhookDoor(tracker.database, tracker.box, Clock())) as url:
        worker = asyncio.create_task(apply_for_ever(tracker))
        yield url
        worker.cancel()
        with suppress(asyncio.CancelledError):
            await worker


@asynccontextmanager
async def served(door: WebhookDoor) -> AsyncIterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(application_of(door), log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve([listener]))
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        await task


async def apply_for_ever(tracker: Tracker) -> None:
    while True:
        await tracker.apply()
        await asyncio.sleep(0.05)


def story(repository: Path) -> list[Recording]:
    return read_recordings([repository / "tests" / "data" / "github" / "story"])


async def test_a_replay_sends_waits_and_tells(
    tracker: Tracker, listening: str, settings: Settings, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sequence = arrange(story(repository), 3, double=True)
    connection = print_id("CONNECTION", tracker.connection_id)
    assert await send_recordings(settings, sequence, connection, listening)
    told = capsys.readouterr().out
    assert "60 with 202; 15 were repeats" in told
    assert "a pull request" in told
    assert len(await tracker.fetch("select from work_item where tenant_id = $1")) == 12
    assert len(await tracker.statuses()) == 45


async def test_a_replay_fails_when_a_delivery_is_given_up(
    tracker: Tracker, listening: str, settings: Settings, repository: Path
) -> None:
    refuse = "alter table work_item add constraint refuse check (key <> 'example/checkout#4') not valid"
    await tracker.administration.execute(refuse)
    try:
        sequence = arrange(story(repository), None, double=False)
        connection = print_id("CONNECTION", tracker.connection_id)
        assert not await send_recordings(settings, sequence, connection, listening)
    finally:
        await tracker.administration.execute("alter table work_item drop constraint refuse")


async def test_a_replay_without_a_connection_or_an_api_says_what_to_do(
    tracker: Tracker, listening: str, settings: Settings
) -> None:
    sequence = [(Recording(Path("x.json"), "label", RECORDED), "key")]
    with pytest.raises(Failure, match="takes deliveries"):
        await send_recordings(settings, sequence, "con_unknown", listening)
    connection = print_id("CONNECTION", tracker.connection_id)
    with pytest.raises(Failure, match="does not answer"):
        await send_recordings(settings, sequence, connection, "http://127.0.0.1:9")


def test_an_event_is_that_of_the_manifest_or_the_folder(tmp_path: Path) -> None:
    for name in ("issues/a.json", "odd/b.json", "odd/c.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(RECORDED)
    entry = '{"file": "odd/b.json", "header": {"X-GitHub-Event": "label"}}'
    bare = '{"file": "odd/c.json", "header": null}'
    (tmp_path / "MANIFEST.json").write_text(f'{{"entries": [{entry}, {bare}]}}')
    assert [one.event for one in read_recordings([tmp_path])] == ["issues", "label", "odd"]
    assert [one.event for one in read_recordings([tmp_path], "push")] == ["push", "label", "push"]


def test_a_seed_is_one_order_and_half_of_the_doubles_repeat_an_id(repository: Path) -> None:
    recordings = story(repository)

    def order(seed: int | None) -> list[str]:
        return [recording.path.name for recording, _ in arrange(recordings, seed, double=True)]

    assert order(5) == order(5) != order(6)
    assert sorted(order(5)) == sorted(order(None))
    assert len({key for _, key in arrange(recordings, 5, double=True)}) == 45
