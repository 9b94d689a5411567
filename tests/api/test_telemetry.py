"""What stands in the log when a client wants to write it."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from runtime.telemetry import configure_logging

HOSTILE = "a\r\n12:00:00 info forged \x1b[31m\u202e\u2028\x85"
ESCAPED = r"a\u000d\u000a12:00:00 info forged \u001b[31m\u202e\u2028\u0085"


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level, configured = root.handlers, root.level, structlog.get_config()
    yield
    root.handlers, _ = handlers, root.setLevel(level)
    structlog.configure(**configured)


def test_people_read_a_line_an_event_and_no_control_characters():
    stream = io.StringIO()
    configure_logging("info", "console", stream)
    structlog.get_logger().info("request", path=HOSTILE, ms=1.5)
    structlog.get_logger().debug("hidden")
    (line,) = stream.getvalue().splitlines()
    assert line[8:] == f' info     request path="{ESCAPED}" ms=1.5'


def test_collectors_read_an_object_a_line():
    stream = io.StringIO()
    configure_logging("warning", "json", stream)
    structlog.get_logger().warning("request", path=HOSTILE, status=404)
    structlog.get_logger().info("hidden")
    (line,) = stream.getvalue().splitlines()
    event = json.loads(line)
    assert (event["event"], event["level"], event["path"], event["status"]) == ("request", "warning", ESCAPED, 404)


def test_a_traceback_is_indented_so_that_its_message_is_no_line_of_the_log():
    stream = io.StringIO()
    configure_logging("info", "console", stream)
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        structlog.get_logger().exception("request failed")
    first, *others = stream.getvalue().splitlines()
    assert first.endswith("request failed")
    assert all(line.startswith("    ") for line in others)
    assert "\x1b" not in stream.getvalue()


def test_libraries_log_in_the_same_form():
    stream = io.StringIO()
    configure_logging("info", "json", stream)
    logging.getLogger("uvicorn.error").error("port %s", 8000)
    event = json.loads(stream.getvalue())
    assert (event["event"], event["level"]) == ("port 8000", "error")
