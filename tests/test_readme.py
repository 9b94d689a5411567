"""What the README shows is what is tried."""

from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["codegen.ts", "src/tada.ts", "relay.config.json"])
def test_the_front_ends_snippets_are_those_that_make_clients_runs(repository: Path, name: str):
    snippet = (repository / "tests" / "clients" / name).read_text(encoding="utf-8").strip()
    kind = name.rpartition(".")[2]
    assert f"```{kind}\n{snippet}\n```" in (repository / "README.md").read_text(encoding="utf-8")
