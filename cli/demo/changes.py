"""Changes of the demo: carried out by what carries out every client's, only without a document around the input."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson
from strawberry import ID

from portfolio.identity import print_id
from resolvers import CHANGES
from resolvers.engine.outcome import Outcome
from resolvers.engine.write import PayloadSelection, WriteContext, change
from runtime.clock import Clock
from runtime.failure import Failure
from runtime.postgres import Database
from runtime.viewer import Viewer

_TICK = timedelta(milliseconds=1)


class Changes:
    """Carries out mutations at the moment that is played, and knows the ids of what they made.

    at_once: how many may be under way; the database has as many connections.
    """

    def __init__(self, database: Database, viewer: Viewer, moment: datetime, at_once: int) -> None:
        self.viewer, self.moment = viewer, moment
        self.clock = Clock(now=lambda: self.moment)
        self.ids: dict[tuple[str, str], ID] = {}
        self._database = database
        self._places = asyncio.Semaphore(at_once)

    async def make(
        self, mutation: str, kind: str, name: str, given: Mapping[str, Any], viewer: Viewer | None = None
    ) -> None:
        """As `do`; what it made is known as ids[kind, name] from then on."""
        self.ids[kind, name] = await self.do(mutation, f"{kind}/{name}", given, viewer)

    async def do(self, mutation: str, name: str, given: Mapping[str, Any], viewer: Viewer | None = None) -> ID:
        """The id of what was changed. name: what tells this change from others of its mutation, in every run alike.
        given: members of its input, as Python spells them."""
        declared = CHANGES[mutation]
        input = declared.input_type(**given, idempotency_key=f"seed/{mutation}/{name}")
        async with self._places:
            # Ids hold the moment: so lists in the order of creation are in the order of the story.
            self.moment += _TICK
            context = WriteContext(self._database, self.clock, viewer or self.viewer, via="COMMAND")
            answer = orjson.loads(await change(context, mutation, declared, {"input": input}, PayloadSelection(_print)))
        if answer["mistakes"]:
            raise Failure(
                f"Seeding stopped at {mutation} {name}: {'; '.join(answer['mistakes'])}",
                "If it was begun with another --seed or --scale, give the same ones; else report this as a defect.",
            )
        return ID(answer["id"])


async def together(changes: Iterable[Coroutine[Any, Any, Any]]) -> None:
    """Changes that do not need each other, some at once. The first that fails ends the rest."""
    tasks = [asyncio.create_task(each) for each in changes]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


async def _print(_: asyncpg.Connection, outcome: Outcome) -> bytes:
    ids = [print_id(*entity) for entity in outcome.entities.values() if entity is not None]
    mistakes = [*(error.message for error in outcome.user_errors)]
    mistakes += [row.message for row in outcome.values.get("rejected", ())]
    return orjson.dumps({"id": ids[0] if ids else "", "mistakes": mistakes})
