"""The API's port, taken before anything is started, and shared by all API processes."""

import errno
import http.client
import socket

from runtime.failure import Failure
from runtime.settings import Settings


def listen(settings: Settings) -> socket.socket:
    """A listening socket on the API's address. What connects before the API runs waits for it."""
    try:
        address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise Failure(
            f"The address {settings.host} is not known here: {error.strerror}.",
            "Set FOLIOSCOPE_HOST to 127.0.0.1, or to an address of this machine.",
        ) from None
    listener = socket.socket(address[0], socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address[4])
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _explain(settings, error) from None
    return listener


def address_of(settings: Settings) -> str:
    """The URL at which a browser on this machine reaches the API."""
    everywhere = settings.host in ("0.0.0.0", "::", "")
    host = "127.0.0.1" if everywhere else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/"


def connect(settings: Settings, seconds: float) -> http.client.HTTPConnection:
    """A client of that API, waiting so long for an answer."""
    host = address_of(settings).removeprefix("http://").rstrip("/")
    return http.client.HTTPConnection(host, timeout=seconds)


def _explain(settings: Settings, error: OSError) -> Failure:
    place = f"port {settings.port} of {settings.host}"
    if error.errno == errno.EADDRINUSE:
        return Failure(
            f"Something else listens on {place}.",
            f"Stop it, or choose another: FOLIOSCOPE_PORT={_neighbor(settings.port)} make demo",
        )
    return Failure(
        f"Cannot listen on {place}: {error.strerror}.",
        "Choose a FOLIOSCOPE_PORT above 1023 and a FOLIOSCOPE_HOST of this machine.",
    )


def _neighbor(port: int) -> int:
    return port + 1 if port < 65535 else 8000
