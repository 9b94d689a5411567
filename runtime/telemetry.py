"""Logs: one event a line, for people or for collectors; never a body, never a raw control character."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor

# One variable, and not one for each fact as structlog has it: each request sets them.
_FACTS: ContextVar[Mapping[str, Any]] = ContextVar("facts", default=MappingProxyType({}))
# C0 and C1 controls, line separators, and the marks that reverse or isolate the direction of text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def configure_logging(
    level: str = "info", form: Literal["console", "json"] = "console", stream: TextIO | None = None
) -> None:
    """For the whole process, what libraries log included. Safe to run twice. Stream: standard error."""
    structlog.configure(
        processors=[
            _add_facts,
            *_STAMPS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_STAMPS,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                escape_controls,
                _console if form == "console" else _json,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def begin_facts(**facts: Any) -> None:
    """What every line of the task from now on says, in place of what was said before."""
    _FACTS.set(facts)


def add_facts(**facts: Any) -> None:
    _FACTS.set({**_FACTS.get(), **facts})


def _add_facts(_: Any, __: str, event: EventDict) -> EventDict:
    return {**_FACTS.get(), **event}


def escape_controls(_: Any, __: str, event: EventDict) -> EventDict:
    """What a client sent must not move the cursor, or look like a line of its own."""
    return {escape(str(name)): _escaped(value) for name, value in event.items()}


def escape(text: str) -> str:
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(value: Any) -> Any:
    if isinstance(value, bool | int | float) or value is None:
        return value
    return escape(str(value))


_STAMPS: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def _json(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    if "exception" in event:
        event["exception"] = _lines(event["exception"], "\n")
    return orjson.dumps(event).decode()


def _console(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """`12:00:00 warning  words name=value`, and a traceback below, each of its lines indented."""
    instant, level = str(event.pop("timestamp"))[11:19], event.pop("level")
    words, trace = event.pop("event"), event.pop("exception", None)
    values = [f'{name}="{value}"' if " " in str(value) else f"{name}={value}" for name, value in event.items()]
    line = " ".join([f"{instant} {level:<8} {words}", *values])
    return line if trace is None else f"{line}\n    {_lines(trace, chr(10) + '    ')}"


def _lines(escaped_trace: str, separator: str) -> str:
    """The line feeds of a traceback; an escaped one inside a message cannot be told from them."""
    return escaped_trace.replace("\\u000a", separator)
