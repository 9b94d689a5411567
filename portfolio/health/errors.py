"""What the engine says when it is handed something it must not guess about."""


class InputError(ValueError):
    """A malformed fact; `path` is the place inside the node, such as `kpis[2].target`."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path = path
        self.message = message
