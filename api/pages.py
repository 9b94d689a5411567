"""Documents that are the same for everyone until the next release: the start page, GraphiQL and the schema."""

import base64
import hashlib
import html
import json
from pathlib import Path
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

import schema

_HERE = Path(__file__).parent
_OPERATIONS = Path(schema.__file__).parent / "operations"
# What the start page asks: named operations, whose answers lie beside them.
_QUESTIONS = {
    "AreWeFine": "The state of the whole",
    "WhyThisScore": "The reasons for one score",
    "WhereReportsDiffer": "Reports that say something else",
}
_NOTHING = "default-src 'none'"
_GRAPHIQL = f"{_NOTHING}; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:"
_GRAPHIQL_FILES = {"graphiql.js": "text/javascript", "graphiql.css": "text/css", "LICENSES.txt": "text/plain"}

PATHS = ["/", "/schema.graphql", "/graphiql", *(f"/graphiql/{name}" for name in _GRAPHIQL_FILES)]


class StaticPage:
    """A text with its ETag; whoever has it already gets 304."""

    def __init__(self, text: str, media_type: str, policy: str = _NOTHING) -> None:
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


def all_pages(sdl: str, address: str) -> dict[str, StaticPage]:
    """Each of PATHS with its page. `address` is where the API listens, for the command on the start page."""
    folder = _HERE / "graphiql"
    files = {f"/graphiql/{name}": StaticPage(_read(folder / name), kind) for name, kind in _GRAPHIQL_FILES.items()}
    graphiql = StaticPage(_read(folder / "index.html"), "text/html", _GRAPHIQL)
    return {"/": _start(address), "/schema.graphql": StaticPage(sdl, "text/plain"), "/graphiql": graphiql, **files}


def _start(address: str) -> StaticPage:
    text = _read(_HERE / "start.html").replace("{address}", html.escape(address))
    before, question, after = text.split("<!-- question -->")
    text = before + "".join(_fill(question, name, title) for name, title in _QUESTIONS.items()) + after
    style = text.split("<style>")[1].split("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return StaticPage(text, "text/html", f"{_NOTHING}; style-src 'sha256-{digest}'; img-src data:")


def _fill(question: str, name: str, title: str) -> str:
    """The piece of the start page about one operation: what it is for, its text, an answer, a link to GraphiQL."""
    _, description, query = _read(_OPERATIONS / f"{name}.graphql").split('"""')
    answer = _read(_OPERATIONS / "answers" / f"{name}.json")
    parameters = {"query": query.lstrip(), "variables": json.dumps(json.loads(answer)["variables"])}
    words = {
        "name": name,
        "title": title,
        "description": description.strip(),
        "query": query.strip(),
        "answer": answer.strip(),
        "link": f"/graphiql?{urlencode(parameters)}",
    }
    for word, value in words.items():
        question = question.replace(f"{{{word}}}", html.escape(value))
    return question


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
