"""`folioscope schema`: the API's types, as text."""

import typer

from cli.application import app

schema_app = typer.Typer(help="The GraphQL schema.", no_args_is_help=True)
app.add_typer(schema_app, name="schema")


@schema_app.callback()
def _group() -> None:
    """Makes `print` a subcommand, however few there are."""


@schema_app.command("print")
def print_command() -> None:
    """Print the schema in alphabetical order. Needs no server.

    Example: `folioscope schema print > schema.graphql`
    """
    from resolvers.engine.execute import Schema

    typer.echo(Schema().print(), nl=False)
