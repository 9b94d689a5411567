"""A time limit that does what asyncio.timeout does."""

import asyncio

import pytest

from api.http.deadline import Deadline


async def test_what_ends_in_time_is_left_alone():
    with Deadline(1) as deadline:
        await asyncio.sleep(0)
    assert not deadline.expired
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_what_takes_longer_is_stopped_and_the_task_goes_on():
    deadline = Deadline(0.01)
    with pytest.raises(TimeoutError), deadline:
        await asyncio.sleep(5)
    assert deadline.expired
    await asyncio.sleep(0)


async def test_of_two_the_one_that_expired_raises():
    outer, inner = Deadline(5), Deadline(0.01)
    with outer:
        with pytest.raises(TimeoutError), inner:
            await asyncio.sleep(5)
        await asyncio.sleep(0)
    assert (outer.expired, inner.expired) == (False, True)
    outer, inner = Deadline(0.01), Deadline(5)
    with pytest.raises(TimeoutError), outer, inner:
        await asyncio.sleep(5)
    assert (outer.expired, inner.expired) == (True, False)


async def test_a_cancellation_from_outside_stays_one():
    async def work() -> None:
        with Deadline(5):
            await asyncio.sleep(5)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_cancellation_at_the_same_moment_is_not_swallowed():
    async def work() -> None:
        with Deadline(0) as deadline:
            try:
                await asyncio.sleep(5)
            finally:
                assert deadline.expired

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(task.cancel)
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task
