"""The texts that the sources mark for translation, found without gettext's own tools."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.utils.translation import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
# How many texts a call has, and whether a context stands before them.
_CALLS = {
    "_": (1, False),
    "gettext": (1, False),
    "gettext_lazy": (1, False),
    "gettext_noop": (1, False),
    "ngettext": (2, False),
    "ngettext_lazy": (2, False),
    "pgettext": (1, True),
    "pgettext_lazy": (1, True),
    "npgettext": (2, True),
    "npgettext_lazy": (2, True),
}
_BEGINS = re.compile(r"\b_?(?:n?p?gettext)?\((?=\s*u?['\"])")

# Context, text, and its plural; each may be empty but for the text.
Text = tuple[str, str, str]


@cache
def marked_texts() -> frozenset[Text]:
    """All of them, in templates and programs."""
    found: set[Text] = set()
    for folder in ("annotation", "learning", "platform"):
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(_in_program(ast.parse(path.read_text())))
    for path in (ROOT / "templates").rglob("*.html"):
        for call in _calls(templatize(path.read_text(), origin=str(path))):
            found |= set(_in_program(ast.parse(call)))
    return frozenset(found)


def _in_program(tree: ast.AST) -> Iterator[Text]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name not in _CALLS:
            continue
        count, with_context = _CALLS[name]
        words = [one.value if isinstance(one, ast.Constant) else None for one in node.args[: count + with_context]]
        if all(isinstance(word, str) for word in words):  # else it looks up a text that was marked elsewhere
            context = words.pop(0) if with_context else ""
            yield (context, *words, *[""] * (2 - count))  # type: ignore[misc]


def _calls(templatized: str) -> Iterator[str]:
    """What templatize() makes of a template: calls among letters that stand for everything else."""
    for begin in _BEGINS.finditer(templatized):
        for end in re.finditer(r"\)", templatized[begin.start() :]):
            call = templatized[begin.start() : begin.start() + end.end()]
            if _parses(call):
                yield call
                break


def _parses(call: str) -> bool:
    try:
        ast.parse(call)
    except SyntaxError:
        return False
    return True
