"""How recipes are read: whatever is unclear about a block is told with the recipe's name."""

from pathlib import Path

import pytest

from tests.recipes.recipe import Block, RecipeError, apply, read_recipe

_PAGE = """# Contributing

## A thing

1. A file:

   ```python a/thing.py
   def thing() -> str:
       return "```"
   ```

2. A line, and what is only shown:

   ```sh
   make test
   ```

   ```python a/table.py after="    \\"first\\","
       "thing",
   ```

## Another
"""


def test_blocks_are_read_with_their_places_and_without_the_indentation_of_the_list():
    assert read_recipe(_PAGE, "A thing") == [
        Block("a/thing.py", 'def thing() -> str:\n    return "```"\n'),
        Block("a/table.py", '    "thing",\n', "after", '    "first",'),
    ]


def test_blocks_make_files_and_insert_lines(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "table.py").write_text('TABLE = [\n    "first",\n    "last",\n]\n')
    made = apply("A thing", read_recipe(_PAGE, "A thing"), tmp_path)
    assert made == [tmp_path / "a" / "thing.py"]
    assert (tmp_path / "a" / "table.py").read_text() == 'TABLE = [\n    "first",\n    "thing",\n    "last",\n]\n'


def test_migrations_get_the_next_number(tmp_path: Path):
    (tmp_path / "0001_first.sql").touch()
    (tmp_path / "0002_second.sql").touch()
    blocks = [Block("NNNN_third.sql", "select 3;\n"), Block("NNNN_fourth.sql", "select 4;\n")]
    assert [path.name for path in apply("A thing", blocks, tmp_path)] == ["0003_third.sql", "0004_fourth.sql"]


@pytest.mark.parametrize(
    ("blocks", "told"),
    [
        ([Block("old.py", "x = 1\n")], "A thing: old.py is there already"),
        ([Block("old.py", "x = 1\n", "after", "y")], "A thing: old.py has 0 lines 'y', not one"),
        ([Block("old.py", "x = 1\n", "before", "twice")], "A thing: old.py has 2 lines 'twice', not one"),
        ([Block("none.py", "x = 1\n", "before", "y")], "A thing: none.py has 0 lines 'y', not one"),
    ],
)
def test_a_block_without_one_place_is_refused(tmp_path: Path, blocks: list[Block], told: str):
    (tmp_path / "old.py").write_text("twice\ntwice\n")
    with pytest.raises(RecipeError, match=told):
        apply("A thing", blocks, tmp_path)


@pytest.mark.parametrize(
    ("page", "told"),
    [
        ("## Another\n", "A thing: CONTRIBUTING.md has no such section"),
        ("## A thing\n\nText.\n", "A thing: no block of it names a file"),
        ('## A thing\n\n```python a.py behind="x"\n```\n', "A thing: 'python a.py behind=\"x\"' is not: language path"),
    ],
)
def test_a_page_that_is_no_recipe_is_refused(page: str, told: str):
    with pytest.raises(RecipeError, match=told):
        read_recipe(page, "A thing")
