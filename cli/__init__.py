"""The `folioscope` command: a module for each subcommand, which registers itself."""

import importlib
import pkgutil


def main() -> None:
    """Entry point of the `folioscope` script."""
    from cli.application import run

    names = [module.name for module in pkgutil.walk_packages(__path__, f"{__name__}.")]
    # Help lists commands in the order of their modules' own names, whatever their folders are.
    for name in sorted(names, key=lambda name: name.rpartition(".")[2]):
        if not name.endswith("__main__"):
            importlib.import_module(name)
    run()
