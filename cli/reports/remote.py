"""Named operations, run by a Folioscope elsewhere."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from runtime.failure import Failure

URL, KEY = "FOLIOSCOPE_URL", "FOLIOSCOPE_KEY"
_SECONDS = 30
_REMEDY = "--help says what each option takes."


@asynccontextmanager
async def remote(url: str) -> AsyncIterator["Remote"]:
    """With the key of the environment. Raises Failure when there is none, or for what is no address."""
    key = os.environ.get(KEY, "").strip()
    if not key:
        raise Failure(f"{URL} is set, but no key.", f"Set {KEY} to an API key of that server with scope READ.")
    if not key.isascii() or not key.isprintable():
        raise Failure(f"{KEY} holds a character that no key has.", f"Set {KEY} to the key alone: fsk_….")
    if not url.startswith(("http://", "https://")):
        raise Failure(f"{url} is no address of a server.", f"Give {URL} as https://folioscope.example.")
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(timeout=_SECONDS, headers=headers) as client:
        yield Remote(client, url)


class Remote:
    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self._client, self._url = client, url.rstrip("/")

    async def run(self, text: str, variables: Mapping[str, Any]) -> Any:
        """Data of the operation. Raises Failure for all else."""
        answer = await self._post({"query": text, "variables": dict(variables)})
        try:
            body = answer.json()
        except ValueError:
            raise self._stranger(answer) from None
        if not isinstance(body, dict) or not (body.get("data") or body.get("errors")):
            raise self._stranger(answer)
        if body.get("errors"):
            raise self._refused(body["errors"][0])
        return body["data"]

    async def _post(self, sent: Mapping[str, Any]) -> httpx.Response:
        try:
            return await self._client.post(f"{self._url}/graphql", json=sent)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            told = str(error) or type(error).__name__
            message = f"No Folioscope answers at {self._url} ({told})."
            raise Failure(message, f"Look whether {URL} is right and the server runs.") from None

    def _stranger(self, answer: httpx.Response) -> Failure:
        message = f"{self._url} answers {answer.status_code}, and not as a Folioscope does."
        return Failure(message, f"Give {URL} without /graphql, and without a page that asks to log in before it.")

    def _refused(self, error: Mapping[str, Any]) -> Failure:
        match error.get("extensions", {}).get("code"):
            case "UNAUTHENTICATED":
                message = f"{self._url} refuses the key: it is not of that server, has expired or was revoked."
                return Failure(message, f"Set {KEY} to another one; `folioscope organization key` makes one there.")
            case "FORBIDDEN":
                return Failure(error["message"], f"Set {KEY} to a key that may do that.")
        return Failure(error["message"], _REMEDY)
