"""A client as it should be: every change has an idempotency key and is sent until it is answered."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

# To be sent again. All else is an answer, and a valid request must not be refused.
_COME_AGAIN = {"UNAVAILABLE", "OVERLOADED", "TIMEOUT", "CONFLICT"}
_PATIENCE_SECONDS = 60.0


@dataclass
class Client:
    """Sends to any of several API processes. wrongs: answers that must never be."""

    ports: list[int]
    key: str
    chance: random.Random
    statuses: Counter[str] = field(default_factory=Counter)
    retries: int = 0
    wrongs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._http = httpx.AsyncClient(timeout=15, headers={"Authorization": f"Bearer {self.key}"})

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of the answer, however often it must be asked for."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while (data := await self._try(query, variables)) is None:
                self.retries += 1
                await asyncio.sleep(self.chance.uniform(0.05, 0.4))
        return data

    async def change(self, field_: str, input_type: str, selection: str, **members: Any) -> dict[str, Any]:
        """The payload of one mutation; members must hold an idempotency key."""
        answer = f"{selection} userErrors {{ code message }}"
        query = f"mutation ($input: {input_type}!) {{ {field_}(input: $input) {{ {answer} }} }}"
        data = await self.ask(query, {"input": members})
        if data[field_]["userErrors"]:
            self.wrongs.append(f"{field_} {members}: {data[field_]['userErrors']}")
        return data[field_]

    async def _try(self, query: str, variables: Mapping[str, Any] | None) -> dict[str, Any] | None:
        url = f"http://127.0.0.1:{self.chance.choice(self.ports)}/graphql"
        try:
            answer = await self._http.post(url, json={"query": query, "variables": variables or {}})
        except httpx.TransportError as error:
            self.statuses[type(error).__name__] += 1
            return None
        document = answer.json()
        codes = {error["extensions"]["code"] for error in document.get("errors", ())}
        self.statuses[" ".join([str(answer.status_code), *sorted(codes)])] += 1
        if not codes and answer.status_code == 200:
            return document["data"]
        if not codes <= _COME_AGAIN or answer.status_code not in (200, 409, 503, 504):
            self.wrongs.append(f"{answer.status_code} {answer.text[:300]}")
        return None
