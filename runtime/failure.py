"""A fault that the person at the terminal can mend: what is wrong, and what to do about it."""


class Failure(Exception):
    """Shown without a traceback. `remedy` is the next step, as a sentence or a command."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy
