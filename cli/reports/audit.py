"""`folioscope audit`: whether the record of changes is whole."""

import asyncio
from typing import Annotated

import typer

from cli.application import app
from cli.progress import step
from runtime.settings import load_settings

audit_app = typer.Typer(help="The audit chain of all changes.", no_args_is_help=True)
app.add_typer(audit_app, name="audit")


@audit_app.callback()
def _group() -> None:
    """Makes `verify` a subcommand, however few there are."""


@audit_app.command()
def verify(
    organization: Annotated[str | None, typer.Option(help="Key of one organization; all without it.")] = None,
) -> None:
    """Recompute every event's digest and every link of the chain. Exit status 1 if one is broken."""
    if not asyncio.run(_verify(load_settings().database_url, organization)):
        raise typer.Exit(1)


async def _verify(database_url: str, key: str | None) -> bool:
    from cli.tenants import find_tenants
    from runtime.postgres import Database
    from workers.verify_chain import verify_chain

    whole = True
    database = await Database.open(database_url, size=2)
    try:
        for tenant in await find_tenants(database_url, database, key):
            with step(f"Verifying the chain of {tenant.key}"):
                async with database.transaction(tenant.id, readonly=True) as connection:
                    result = await verify_chain(connection)
            if result.broken_sequence is None:
                typer.echo(f"{tenant.key}: {result.length} events, the chain is whole.")
            else:
                whole = False
                typer.echo(f"{tenant.key}: broken at sequence {result.broken_sequence}: {result.reason}.")
    finally:
        await database.close()
    return whole
