"""A time limit around some awaiting, as asyncio.timeout sets it, in half its time: a read passes two of them."""

import asyncio
from types import TracebackType
from typing import Self


class Deadline:
    """`with Deadline(seconds):` raises TimeoutError when the body takes longer. expired: whether it was this one."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.expired = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "a deadline is set inside a task"
        self._task, self._canceled_before = task, task.cancelling()
        self._timer = asyncio.get_running_loop().call_later(self.seconds, self._expire)
        return self

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._timer.cancel()
        # Who else canceled the task meanwhile is told by the cancellation that goes on.
        alone = self.expired and self._task.uncancel() <= self._canceled_before
        if alone and kind is asyncio.CancelledError:
            raise TimeoutError from error
