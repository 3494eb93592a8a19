"""A text as a picture: wrapped, as large as it fits, on a card; for every page that shows a stimulus by its picture.

A drawing cannot measure letters, so widths are estimated from the kind of each letter, a little on the wide side.
"""

import re
import unicodedata
from html import escape

from annotation.faces.curves import tag
from annotation.faces.palette import CARD, INK, VIEW

_SIZES = (32.0, 28.0, 24.0, 21.0, 18.5, 16.5, 15.0)
_MAY_BREAK = 21.0
_MARGIN = 26.0
_BOX = VIEW - 2 * _MARGIN
_LEADING = 1.38
_FONT = "Inter, system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, sans-serif"
_MOST_CHARS = 1500  # more than the smallest size has room for
_WIDTHS = {
    **dict.fromkeys("iljI.,:;'!|·’‘", 0.29),
    **dict.fromkeys('ftr()[]{}/\\"-“”', 0.40),
    **dict.fromkeys("mwMW@%—…", 0.92),
    " ": 0.29,
}
# Characters of full width, each by itself, and everything between them.
_WIDE = r"\u2e80-\ua4cf\uf900-\ufaff\uff00-\uffef"
_UNIT = re.compile(f"[{_WIDE}]|[^{_WIDE}]+")
# What XML cannot hold, escaped or not.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text_svg(text: str, *, size: int = 320) -> str:
    """Draw a text on a card; what does not fit ends in an ellipsis.

    Args:
        text: anything that people may have written; escaped here.
        size: width and height in pixels; the drawing scales.

    Returns:
        A complete ``<svg>`` element.
    """
    shown = _NO_XML.sub("\ufffd", text)[:_MOST_CHARS].strip()
    font, lines = _set(shown)
    leading = font * _LEADING
    # The first base line lies so that the block of lines stands in the middle.
    top = (VIEW - leading * len(lines)) / 2 + leading * 0.5 + font * 0.36
    backwards = _is_rtl(shown)
    block = [
        tag(
            "text",
            (escape(line),),
            x=VIEW - _MARGIN if backwards else _MARGIN,
            y=top + leading * number,
        )
        for number, line in enumerate(lines)
        if line
    ]
    words = tag(
        "g",
        block,
        font_family=_FONT,
        font_size=font,
        font_weight="500" if font > 20 else "400",
        fill=INK,
        direction="rtl" if backwards else "ltr",
    )
    side = int(size)
    ground = tag("rect", width=VIEW, height=VIEW, fill=CARD)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" '
        f'viewBox="0 0 {VIEW:g} {VIEW:g}" role="img">{ground}{words}</svg>'
    )


def _set(text: str) -> tuple[float, list[str]]:
    """The largest size at which the text fits, and its lines. Small sizes break words; the smallest cuts the text."""
    for font in _SIZES:
        lines, broken = _wrap(text, _BOX / font)
        if len(lines) * font * _LEADING <= _BOX and (not broken or font <= _MAY_BREAK):
            return font, lines
    font = _SIZES[-1]
    lines, _ = _wrap(text, _BOX / font)
    room = int(_BOX / (font * _LEADING))
    if len(lines) <= room:
        return font, lines
    last = lines[room - 1]
    while last and _width(last + "…") > _BOX / font:
        last = last[:-1]
    return font, [*lines[: room - 1], last.rstrip() + "…"]


def _wrap(text: str, room: float) -> tuple[list[str], bool]:
    """Lines that are at most `room` wide (in heights of the font), and whether a word had to be broken."""
    lines: list[str] = []
    broken = False
    for paragraph in text.splitlines():
        line = ""
        for space, unit in _units(paragraph):
            if line and _width(line + space + unit) <= room:
                line += space + unit
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(unit, room)
            lines += full
            broken |= bool(full)
        if line or (lines and lines[-1]):  # of several empty lines one is kept
            lines.append(line)
    while lines and not lines[-1]:
        lines.pop()
    return lines, broken


def _units(paragraph: str) -> list[tuple[str, str]]:
    """What may not be broken, with the space before it; between characters of full width a line may always break."""
    units: list[tuple[str, str]] = []
    for word in paragraph.split():
        space = " "
        for unit in _UNIT.findall(word):
            units.append((space, unit))
            space = ""
    return units


def _pieces(word: str, room: float) -> list[str]:
    """A word in pieces that fit."""
    pieces = [""]
    for char in word:
        if pieces[-1] and _width(pieces[-1] + char) > room:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _width(text: str) -> float:
    """About how wide a text is, in heights of the font."""
    return sum(map(_char_width, text))


def _char_width(char: str) -> float:
    if char in _WIDTHS:
        return _WIDTHS[char]
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.02
    return 0.7 if char.isupper() else 0.6


def _is_rtl(text: str) -> bool:
    """Whether the first letter with a direction runs from right to left."""
    for char in text:
        direction = unicodedata.bidirectional(char)
        if direction in ("L", "R", "AL"):
            return direction != "L"
    return False
