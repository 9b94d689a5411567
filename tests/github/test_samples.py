"""Real deliveries of GitHub that nobody here wrote: each is dealt with, and their order never matters."""

import asyncio
from pathlib import Path

import pytest

from cli.replay import arrange, final_digest, read_recordings
from tests.github.tracker import Tracker


@pytest.fixture(scope="module")
def samples(repository: Path) -> Path:
    folder = repository.parent / "shared" / "samples" / "trackers" / "github"
    if not folder.is_dir():
        pytest.skip("the shared samples are not beside this checkout")
    return folder


async def replay(tracker: Tracker, samples: Path, seed: int | None, *, double: bool) -> str:
    for number, rule in enumerate([("MILESTONE", "v1.0"), ("LABEL", "bug")]):
        await tracker.add_rule(await tracker.add_initiative(f"INITIATIVE-{number}"), *rule)
    sequence = arrange(read_recordings([samples]), seed, double=double)
    for start in range(0, len(sequence), 20):
        batch = sequence[start : start + 20]
        answers = await asyncio.gather(
            *(tracker.deliver(recording.event, recording.body, key) for recording, key in batch)
        )
        assert {answer.status_code for answer in answers} == {202}
        await tracker.apply()
    return await final_digest(tracker.database, tracker.tenant_id, tracker.connection_id)


async def test_every_sample_is_applied_superseded_or_ignored_with_a_reason(tracker: Tracker, samples: Path) -> None:
    await replay(tracker, samples, None, double=False)
    statuses = await tracker.statuses()
    assert len(statuses) == len(read_recordings([samples])) > 100
    assert {status for status, _ in statuses} == {"APPLIED", "SUPERSEDED", "IGNORED"}
    assert all(reason for status, reason in statuses if status != "APPLIED")
    items = await tracker.fetch("select key from work_item where tenant_id = $1")
    assert {row["key"] for row in items} >= {"Codertocat/Hello-World#1"}


async def test_the_samples_end_in_the_same_state_for_any_seed(tracker: Tracker, samples: Path) -> None:
    expected = await replay(tracker, samples, None, double=False)
    for seed in range(2):
        other = await tracker.neighbor()
        assert await replay(other, samples, seed, double=True) == expected
        statuses = {status for status, _ in await other.statuses()}
        assert statuses == {"APPLIED", "SUPERSEDED", "IGNORED"}
