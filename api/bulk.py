"""POST /imports takes JSON lines to be imported; GET /exports/{job} gives those that an export has written."""

import asyncio
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from api.http.body import refuse_announced, refuse_size
from api.ingest import JSON_LINES
from api.viewer import Viewers
from portfolio.enumerations import Scope
from portfolio.identity import parse_id, print_id
from resolvers.bulk.files import FileWriter, Owner, create_file, read_file
from runtime.clock import Clock
from runtime.postgres import Database
from runtime.refusal import ErrorCode, Refusal
from runtime.viewer import Viewer

_LARGEST_BODY = 64 * 1024 * 1024
_MOST_LINES = 1_000_000
_BODY_SECONDS = 300
# Of a sender that has stopped: as long as it may take from one piece to the next.
_PIECE_SECONDS = 30

_EXPORT = """
select state, file_id, exists (select from bulk_file f where f.tenant_id = $1 and f.id = file_id) as is_kept
from job where tenant_id = $1 and id = $2 and kind = 'EXPORT'
"""


@dataclass(frozen=True)
class BulkDoor:
    """Neither way is a whole file ever in memory, nor a transaction open while somebody is slow."""

    database: Database
    viewers: Viewers
    clock: Clock

    async def receive(self, request: Request) -> Response:
        """201 with {id, lineCount}, the id for importStart; or a Refusal. What did not arrive whole is not kept."""
        viewer = await self.viewers.authenticate(request.headers)
        viewer.require(Scope.WRITE)
        _require_lines(request.headers)
        refuse_announced(request.headers, _LARGEST_BODY)
        file_id = self.clock.new_id()
        owner = Owner(viewer.tenant_id, viewer.person_id, viewer.service_account_id)
        async with self.database.transaction(viewer.tenant_id) as connection:
            await create_file(connection, owner, file_id, self.clock.now())
        writer = FileWriter(self.database, viewer.tenant_id, file_id)
        try:
            await _read(request, writer)
            await writer.close(self.clock.now())
            _refuse_count(writer.line_count)
            if writer.line_count == 0:
                raise Refusal(ErrorCode.BAD_REQUEST, "The body holds no line.")
        except BaseException:
            await writer.forget()
            raise
        answer = {"id": print_id("BULK_FILE", file_id), "lineCount": writer.line_count}
        return Response(orjson.dumps(answer), 201, media_type="application/json")

    async def send(self, request: Request) -> Response:
        """The lines of a finished export, or a Refusal: NOT_FOUND for whatever the key may not have."""
        viewer = await self.viewers.authenticate(request.headers)
        viewer.require(Scope.ADMIN)
        job = await self._find(viewer, request.path_params["job"])
        if job["state"] != "COMPLETED":
            raise Refusal(ErrorCode.CONFLICT, f"This export is {job['state']}; ask for its state, and come back.")
        content = read_file(self.database, viewer.tenant_id, job["file_id"])
        name = f'attachment; filename="{request.path_params["job"]}.jsonl"'
        return StreamingResponse(content, media_type=JSON_LINES[0], headers={"Content-Disposition": name})

    async def _find(self, viewer: Viewer, public_id: str) -> Any:
        parsed = parse_id(public_id)
        row = None
        if parsed is not None and parsed[0] == "JOB" and viewer.granted_portfolio_ids is None:
            async with self.database.transaction(viewer.tenant_id) as connection:
                row = await connection.fetchrow(_EXPORT, viewer.tenant_id, parsed[1])
        if row is None or (row["state"] == "COMPLETED" and not row["is_kept"]):
            raise Refusal(ErrorCode.NOT_FOUND, "There is no such export, or it is older than seven days.")
        return row


async def _read(request: Request, writer: FileWriter) -> None:
    """Raises a Refusal at the first byte, line or second too many."""
    size = 0
    try:
        async with asyncio.timeout(_BODY_SECONDS), asyncio.timeout(_PIECE_SECONDS) as piece:
            async for chunk in request.stream():
                size += len(chunk)
                refuse_size(_LARGEST_BODY, size)
                await writer.write(chunk)
                _refuse_count(writer.line_count)
                piece.reschedule(asyncio.get_running_loop().time() + _PIECE_SECONDS)
    except TimeoutError:
        raise Refusal(ErrorCode.REQUEST_TIMEOUT, "The body did not arrive in time.") from None
    except ClientDisconnect:
        raise Refusal(ErrorCode.BAD_REQUEST, "The body ended early.") from None


def _refuse_count(count: int) -> None:
    if count > _MOST_LINES:
        message = f"A file has at most {_MOST_LINES:,} lines."
        raise Refusal(ErrorCode.REQUEST_TOO_LARGE, message, limit=_MOST_LINES, actual=count)


def _require_lines(headers: Headers) -> None:
    """Raises UNSUPPORTED_MEDIA_TYPE."""
    if headers.get("content-type", "").partition(";")[0].strip().lower() not in JSON_LINES:
        message = f"Send Content-Type: {JSON_LINES[0]} with an object a line."
        raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "Send the body without Content-Encoding.")
