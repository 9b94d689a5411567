"""The house stays small enough to find one's way: folders, files, functions and names."""

import ast
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
FILES = {path: path.read_text() for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))}

# They name a place for whatever has none.
EMPTY_NAMES = {"utils", "common", "core", "helpers", "services", "manager", "base"}
# GraphQL's type and the record of who asks: clients know the one by this name, and it is the other's only right one.
ONE_THING_TWICE = {"Viewer"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions() -> Iterator[tuple[Path, Function]]:
    for path, text in FILES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, Function):
                yield path, node


def parameters(function: Function) -> int:
    given = function.args
    named = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len(named) - (named[:1] in (["self"], ["cls"]))


def is_command(function: Function) -> bool:
    """Its parameters are the options of a subcommand."""
    return any(ast.unparse(decorator).startswith("app.command") for decorator in function.decorator_list)


def test_a_folder_has_at_most_fifteen_files_of_code():
    assert FILES
    sizes = Counter(path.parent.relative_to(ROOT) for path in FILES)
    assert {folder: size for folder, size in sizes.items() if size > 15} == {}


def test_a_file_has_at_most_three_hundred_lines():
    lines = {path.relative_to(ROOT): len(text.splitlines()) for path, text in FILES.items()}
    assert {path: count for path, count in lines.items() if count > 300} == {}


def test_a_function_has_at_most_thirty_lines_and_five_parameters():
    sizes = [
        (f"{path.relative_to(ROOT)}:{function.lineno}", (function.end_lineno or 0) - function.lineno + 1)
        for path, function in functions()
    ]
    assert [size for size in sizes if size[1] > 30] == []
    wide = [
        f"{path.relative_to(ROOT)}:{function.lineno}"
        for path, function in functions()
        if parameters(function) > 5 and not is_command(function)
    ]
    assert wide == []


def test_a_class_name_stands_for_one_thing():
    places: dict[str, list[str]] = defaultdict(list)
    for path, text in FILES.items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    twice = {name: where for name, where in places.items() if len(where) > 1}
    assert twice.keys() == ONE_THING_TWICE, twice


def test_no_name_of_a_folder_or_file_says_nothing():
    words = {path: {part.removesuffix(".py") for part in path.relative_to(ROOT).parts} for path in FILES}
    assert [path for path, parts in words.items() if parts & EMPTY_NAMES] == []
