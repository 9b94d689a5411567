"""The headers of a request, found by name: Starlette's go through all of them for each name that is asked for."""

from starlette.datastructures import Headers


class Head(Headers):
    """Made once a request, by the door, and kept in the scope's state as `head`. size: bytes of names and values."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        super().__init__(raw=raw)
        self.size = 0
        self._values: dict[str, list[str]] = {}
        for name, value in raw:
            self.size += len(name) + len(value)
            self._values.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))

    def getlist(self, key: str) -> list[str]:
        return self._values.get(key.lower(), [])

    def __getitem__(self, key: str) -> str:
        return self._values[key.lower()][0]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._values
