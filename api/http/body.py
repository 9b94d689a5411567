"""The body of a request, read within a size and a time."""

from starlette.datastructures import Headers
from starlette.types import Receive

from api.http.deadline import Deadline
from runtime.refusal import ErrorCode, Refusal


async def read_body(headers: Headers, receive: Receive, limit: int, seconds: float) -> bytes:
    """The raw bytes. Reading stops, with a Refusal, at the first byte or second too many."""
    refuse_announced(headers, limit)
    parts: list[bytes] = []
    size = 0
    try:
        with Deadline(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refusal(ErrorCode.BAD_REQUEST, "The body ended early.")
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                refuse_size(limit, size)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise Refusal(ErrorCode.REQUEST_TIMEOUT, f"The body took longer than {seconds:g} s to arrive.") from None


def require_json(headers: Headers) -> None:
    """Raises UNSUPPORTED_MEDIA_TYPE. Only JSON makes a browser ask before it sends across origins."""
    kinds = headers.getlist("content-type")
    media_type, _, rest = (kinds[0] if len(kinds) == 1 else "").partition(";")
    parameters = [part.strip().lower().replace('"', "") for part in rest.split(";") if part.strip()]
    if media_type.strip().lower() != "application/json":
        message = "Send the body as Content-Type: application/json."
        raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)
    if any(part.startswith("charset=") and part != "charset=utf-8" for part in parameters):
        raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "JSON is sent in UTF-8.")
    if headers.get("content-encoding", "identity").lower() != "identity":
        message = "Send the body without Content-Encoding."
        raise Refusal(ErrorCode.UNSUPPORTED_MEDIA_TYPE, message)


def refuse_announced(headers: Headers, limit: int) -> None:
    announced = headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit():
        # Longer numbers than these need not be understood to be too large.
        refuse_size(limit, int(announced[:16]))


def refuse_size(limit: int, size: int) -> None:
    if size > limit:
        message = f"The body has at most {limit} bytes."
        raise Refusal(ErrorCode.REQUEST_TOO_LARGE, message, limit=limit, actual=size)
