"""Recipes of CONTRIBUTING.md: what they say to write, and where, applied to a copy of the repository."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import cache_from_source
from pathlib import Path

_SECTION = re.compile(r"^## ")
_FENCE = re.compile(r"^( *)```(.*)$")
# A path has a dot or a slash: a block without one only shows something.
_PLACED = re.compile(r'^\w+ (?P<path>\S*[./]\S*)(?: (?P<side>before|after)="(?P<line>(?:\\.|[^"\\])+)")?$')


class RecipeError(Exception):
    """What is wrong with a recipe, by its title."""


@dataclass(frozen=True)
class Block:
    """A file to make, or text to insert before or after the one line of a file that is `line`."""

    path: str
    text: str
    side: str | None = None
    line: str | None = None


def read_recipe(contributing: str, title: str) -> list[Block]:
    """The blocks of a section that name a file, in the order of the page."""
    blocks = [block for info, text in _fenced(_section(contributing, title)) if (block := _block(title, info, text))]
    if not blocks:
        raise RecipeError(f"{title}: no block of it names a file.")
    return blocks


def _section(contributing: str, title: str) -> list[str]:
    lines = contributing.splitlines()
    if f"## {title}" not in lines:
        raise RecipeError(f"{title}: CONTRIBUTING.md has no such section.")
    rest = lines[lines.index(f"## {title}") + 1 :]
    end = next((place for place, line in enumerate(rest) if _SECTION.match(line)), len(rest))
    return rest[:end]


def _fenced(lines: list[str]) -> Iterator[tuple[str, str]]:
    """What stands behind each opening fence, and the text inside, without the fence's own indentation."""
    rest = iter(lines)
    for line in rest:
        if opening := _FENCE.match(line):
            indent, info = opening.groups()
            body = []
            for inner in rest:
                if inner.strip() == "```":
                    break
                body.append(inner.removeprefix(indent))
            yield info.strip(), "".join(f"{text}\n" for text in body)


def _block(title: str, info: str, text: str) -> Block | None:
    if " " not in info:
        return None
    placed = _PLACED.match(info)
    if placed is None:
        raise RecipeError(f'{title}: {info!r} is not: language path, then perhaps before="line" or after="line".')
    line = placed["line"]
    return Block(placed["path"], text, placed["side"], line and re.sub(r"\\(.)", r"\1", line))


def copy_repository(repository: Path, to: Path) -> None:
    """What git keeps, as it is in the working tree, and what it would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=repository, capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        source, target = repository / name, to / name
        if source.is_file():
            _copy(source, target)
            if source.suffix == ".py":
                # Compiled once: five processes of each copy need all of it. Its source's time makes it valid.
                compiled = Path(cache_from_source(str(source)))
                if compiled.is_file():
                    _copy(compiled, Path(cache_from_source(str(target))))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def apply(title: str, blocks: list[Block], copy: Path) -> list[Path]:
    """Writes the blocks into the copy and returns the files that are new."""
    made = []
    for block in blocks:
        path = copy / _numbered(block.path, copy)
        if block.line is not None:
            _insert(title, block, path)
        elif path.exists():
            raise RecipeError(f"{title}: {block.path} is there already; say before or after which line of it.")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            made.append(path)
    return made


def _insert(title: str, block: Block, path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    places = [place for place, line in enumerate(lines) if line.rstrip("\n") == block.line]
    if len(places) != 1:
        raise RecipeError(f"{title}: {block.path} has {len(places)} lines {block.line!r}, not one.")
    lines.insert(places[0] + (block.side == "after"), block.text)
    path.write_text("".join(lines), encoding="utf-8")


def _numbered(path: str, copy: Path) -> str:
    """Migrations are numbered without gaps."""
    folder = copy / Path(path).parent
    return path.replace("NNNN", f"{len([*folder.glob('*.sql')]) + 1:04d}")
