"""The command itself: what every subcommand registers with, and how its faults are shown."""

import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from redis.exceptions import ConnectionError as RedisConnectionError
from rich.console import Console
from rich.markup import escape

from runtime.failure import Failure
from runtime.telemetry import configure_logging

app = typer.Typer(
    name="folioscope",
    help="How healthy is a portfolio of AI products, why, and how sure are we?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)

# What a person watches goes to standard error, so that standard output can be piped.
notices = Console(stderr=True, highlight=False, soft_wrap=True)


_URL_HELP = (
    "Server that `health`, `movers`, `why` and `capacity` ask, such as https://folioscope.example, instead of the"
    " database of the settings; or FOLIOSCOPE_URL."
)


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    url: Annotated[str | None, typer.Option(help=_URL_HELP)] = None,
    key_file: Annotated[Path | None, typer.Option(help="File with the API key for --url; or FOLIOSCOPE_KEY.")] = None,
) -> None:
    if debug:
        os.environ["FOLIOSCOPE_DEBUG"] = "1"
    # To standard error, and only what is wrong, unless the command is one that logs what it does.
    configure_logging("debug" if debug else "warning")
    if url:
        os.environ["FOLIOSCOPE_URL"] = url
    if key_file:
        try:
            os.environ["FOLIOSCOPE_KEY"] = key_file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise Failure(
                f"The key file cannot be read: {error}", "Give --key-file a file that holds one key."
            ) from None


def run() -> None:
    """Runs the command line. Every fault ends with what is wrong and the next step."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if os.environ.get("FOLIOSCOPE_DEBUG"):
            traceback.print_exc()
        show(explain(error))
        sys.exit(1)


def show(failure: Failure) -> None:
    notices.print(f"[bold red]Error:[/] {escape(str(failure))}")
    notices.print(f"[bold]Next:[/] {escape(failure.remedy)}")


def explain(error: Exception) -> Failure:
    match error:
        case Failure():
            return error
        case RedisConnectionError():
            return Failure(
                "Redis does not answer.",
                "Start it with `folioscope up`, or set REDIS_URL to one that runs.",
            )
        case asyncpg.PostgresError():
            return Failure(
                f"PostgreSQL refused: {error}",
                "`folioscope doctor` checks the database, its roles and migrations.",
            )
        case OSError() if isinstance(error, ConnectionError | FileNotFoundError | TimeoutError):
            return Failure(
                f"PostgreSQL does not answer ({error}).",
                "Start it with `folioscope up`, or set DATABASE_URL to one that runs.",
            )
    return Failure(
        f"{type(error).__name__}: {error}",
        "This is a defect. Run `folioscope --debug …` again and report what it prints.",
    )
