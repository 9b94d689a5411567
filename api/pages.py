"""Documents that are the same for everyone until the next release: the start page and the schema."""

import base64
import hashlib
import html
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_START = Path(__file__).with_name("start.html")


class Page:
    """A text with its ETag; whoever has it already gets 304."""

    def __init__(self, text: str, media_type: str, policy: str = "default-src 'none'") -> None:
        self._body = text.encode()
        self._headers = {
            "ETag": f'"{hashlib.sha256(self._body).hexdigest()[:32]}"',
            "Cache-Control": "no-cache",
            "Content-Type": f"{media_type}; charset=utf-8",
            "Content-Security-Policy": f"{policy}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "Referrer-Policy": "no-referrer",
        }

    async def answer(self, request: Request) -> Response:
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if self._headers["ETag"] in known:
            return Response(status_code=304, headers=self._headers)
        return Response(self._body, headers=self._headers)


def schema_page(sdl: str) -> Page:
    return Page(sdl, "text/plain")


def start_page(address: str) -> Page:
    """`address` is where the API listens, for the command on the page."""
    text = _START.read_text(encoding="utf-8").replace("{address}", html.escape(address))
    style = text.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Page(text, "text/html", f"default-src 'none'; style-src 'sha256-{digest}'")
