"""A workshop for a recipe."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.conftest import Servers, created_database
from tests.recipes.recipe import apply, copy_repository, read_recipe
from tests.recipes.workshop import Workshop

Follow = Callable[..., Awaitable[Workshop]]
"""Of a recipe's title and the programs that are to run beside the API, such as worker."""


@pytest.fixture
async def follow(
    servers: Servers, template_database: str, redis_url: str, repository: Path, contributing: str, tmp_path: Path
) -> AsyncIterator[Follow]:
    """Applies the recipe of a title to a copy that has an installation of its own."""
    async with AsyncExitStack() as stack:

        async def follow(title: str, *programs: str) -> Workshop:
            copy_repository(repository, tmp_path)
            blocks = read_recipe(contributing, title)
            made = apply(title, blocks, tmp_path)
            url = await stack.enter_async_context(created_database(servers.database_url, template_database))
            workshop = Workshop.at(tmp_path, made, (url, redis_url))
            stack.push_async_callback(workshop.close)
            await workshop.open(*programs)
            return workshop

        yield follow


@pytest.fixture(scope="session")
def contributing(repository: Path) -> str:
    return (repository / "CONTRIBUTING.md").read_text(encoding="utf-8")
