"""`folioscope migrate`: brings the database to this version's schema."""

import asyncio
from typing import Annotated

import typer

from cli.application import app
from cli.progress import step
from runtime import migrate as migrations
from runtime.settings import load_settings


@app.command()
def migrate(
    dry_run: Annotated[bool, typer.Option(help="Only list what would be applied.")] = False,
) -> None:
    """Apply the pending migrations, each in its own transaction. Safe to run at any time."""
    url = load_settings().database_url
    if dry_run:
        pending = asyncio.run(migrations.migrate(url, dry_run=True))
        typer.echo("\n".join(pending) or "Nothing is pending.")
        return
    with step("Migrating the database") as report:
        applied = asyncio.run(migrations.migrate(url, progress=report))
    typer.echo("\n".join(applied) or "Nothing was pending.")
