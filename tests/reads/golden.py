"""Golden reads: an operation, the statement that it becomes, and the answer to it.

The first line of `NAME.graphql` is a comment `# viewer: N`, the viewer's place in the world's list; the second says
what the golden is about. `NAME.variables.json` holds the variables, if there are any. UPDATE=1 rewrites the rest.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "goldens"
UPDATE = os.environ.get("UPDATE") == "1"


@dataclass(frozen=True)
class Golden:
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def viewer(self) -> int:
        match = re.match(r"# viewer: (\d+)", self.text)
        assert match, f"{self.path.name} must begin with `# viewer: N`"
        return int(match[1])

    @property
    def variables(self) -> dict[str, Any]:
        path = self.path.with_suffix(".variables.json")
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}

    def matches(self, suffix: str, found: str) -> bool:
        """Whether the kept file says the same; with UPDATE=1 the file is written."""
        path = self.path.with_suffix(suffix)
        if UPDATE:
            path.write_text(found, encoding="utf-8")
        return path.read_text(encoding="utf-8") == found


GOLDENS = [Golden(path) for path in sorted(FOLDER.glob("*.graphql"))]
