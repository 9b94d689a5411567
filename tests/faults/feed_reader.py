"""A reader of the event feed, as an integration writes one: it stores its cursor and reads on."""

import asyncio
from dataclasses import dataclass, field

from tests.faults.client import Client

_QUERY = """
query ($after: String) {
  events(first: 100, after: $after) { edges { cursor node { id sequence } } }
}
"""


@dataclass
class FeedReader:
    """event_ids: everything read, in the order of reading."""

    client: Client
    event_ids: list[str] = field(default_factory=list)
    cursor: str | None = None

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            if not await self.read_on():
                await asyncio.sleep(0.1)

    async def read_on(self) -> bool:
        """Reads one page; false when there was nothing new. A gap or a repetition is noted as wrong."""
        data = await self.client.ask(_QUERY, {"after": self.cursor})
        for edge in data["events"]["edges"]:
            self.event_ids.append(edge["node"]["id"])
            if edge["node"]["sequence"] != str(len(self.event_ids)):
                place = f"{edge['node']['sequence']} after {len(self.event_ids) - 1}"
                self.client.wrongs.append(f"the feed showed event {place}")
            self.cursor = edge["cursor"]
        return bool(data["events"]["edges"])
