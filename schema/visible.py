"""Characters that nobody sees, with which one text can be made to look like another."""

import re
import unicodedata

# Others that show nothing, though their category is that of letters, marks or symbols: fillers, variation selectors,
# the blank Braille pattern, and places that Unicode keeps for such characters.
_SHOWS_NOTHING = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U000e0000-\U000e0fff]"
)
_TURNS_AROUND = re.compile("[\u202a-\u202e\u2066-\u2069]")
_OTHER_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_AS_PICTURE_OR_TEXT, _JOINER = "\ufe0e\ufe0f", "\u200d"
# Unicode Technical Standard 39, 5.4: no written language stacks more.
_MOST_MARKS = 4


def refuse_unseen(value: str, before: int = 0) -> None:
    """For one line. before: characters cut off in front of it. Raises ValueError with the character and its place."""
    marks = 0
    for index, character in enumerate(value):
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > _MOST_MARKS:
            raise ValueError(f"{_place(character, index + before)} is one mark too many on one letter; remove it.")
        if category in ("Cc", "Cs"):
            raise ValueError(f"{_place(character, index + before)} is a control character; remove it.")
        unseen = category in ("Cf", "Zl", "Zp") or _SHOWS_NOTHING.match(character)
        if unseen and not _is_part_of_emoji(value, index):
            raise ValueError(f"{_place(character, index + before)} is a character that nobody sees; remove it.")


def with_plain_spaces(value: str) -> str:
    """The text with the one space that keyboards have: the others look like it."""
    return _OTHER_SPACE.sub(" ", value)


def without_overrides(value: str) -> str:
    """The text without what makes the screen show it in another order; joiners, which languages need, stay."""
    return _TURNS_AROUND.sub("", value)


def refuse_control(value: str, allowed: str) -> None:
    for index, character in enumerate(value):
        # Cs: half of a surrogate pair, which UTF-8 cannot carry.
        if unicodedata.category(character) in ("Cc", "Cs") and character not in allowed:
            raise ValueError(f"{_place(character, index)} is a control character; remove it.")


def _is_part_of_emoji(value: str, index: int) -> bool:
    """Whether it chooses how the symbol before it looks, or makes one picture of the two beside it."""
    before, after = value[:index], value[index + 1 :]
    if value[index] in _AS_PICTURE_OR_TEXT:
        return _is_symbol(before[-1:])
    return value[index] == _JOINER and _is_symbol(before.rstrip(_AS_PICTURE_OR_TEXT)[-1:]) and _is_symbol(after[:1])


def _is_symbol(character: str) -> bool:
    """Sk: tones of skin."""
    return character != "" and unicodedata.category(character) in ("So", "Sm", "Sk")


def _place(character: str, index: int) -> str:
    name = unicodedata.name(character, "")
    return f"Character {index + 1}, U+{ord(character):04X}{f' ({name})' if name else ''},"
