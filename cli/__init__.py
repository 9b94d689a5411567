"""The `folioscope` command: a module for each subcommand, which registers itself."""

import importlib
import pkgutil


def main() -> None:
    """Entry point of the `folioscope` script."""
    from cli.application import run

    for module in pkgutil.iter_modules(__path__, f"{__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    run()
