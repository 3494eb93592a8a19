"""What annotators read is translated, all of it, into every language of the site. docs/translating.md says how."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import polib
import pytest
from django.conf import settings

from tests.config.texts import ROOT, Text, marked_texts

TRANSLATED = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
FOLDER = ROOT / "platform" / "config" / "locale"
_PLACES = re.compile(r"\{\w+\}|%\(\w+\)[sd]|</?\w+>")
each_language = pytest.mark.parametrize("language", TRANSLATED)


def _catalogue(language: str) -> Any:
    return polib.pofile(str(FOLDER / language / "LC_MESSAGES" / "django.po"))


def _key(entry: Any) -> Text:
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural


def _forms(entry: Any) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_language_of_the_site_has_a_catalogue_and_no_other() -> None:
    assert TRANSLATED == ["de", "fr", "es"]
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(TRANSLATED)


@each_language
def test_the_catalogue_holds_the_texts_that_are_marked(language: str) -> None:
    held, marked = {_key(entry) for entry in _catalogue(language)}, marked_texts()
    assert len(marked) > 150
    assert marked - held == set(), "run makemessages and translate these"
    assert held - marked == set(), "run makemessages; nothing says these any more"


@each_language
def test_every_text_is_translated(language: str) -> None:
    catalogue = _catalogue(language)
    count = int(re.search(r"nplurals=(\d)", catalogue.metadata["Plural-Forms"])[1])  # type: ignore[index]
    assert [entry.msgid for entry in catalogue if not all(_forms(entry))] == []
    assert [entry.msgid for entry in catalogue if entry.msgid_plural and len(entry.msgstr_plural) != count] == []
    assert [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete] == []
    assert catalogue.metadata["Language"] == language
    assert not catalogue.metadata_is_fuzzy


@each_language
def test_a_translation_has_the_places_of_its_text(language: str) -> None:
    for entry in _catalogue(language):
        wanted = [Counter(_PLACES.findall(text)) for text in (entry.msgid, entry.msgid_plural) if text]
        for form in _forms(entry):
            assert Counter(_PLACES.findall(form)) in wanted, form
            assert form == form.strip(), form


@each_language
def test_a_translation_is_set_with_its_languages_own_signs(language: str) -> None:
    for entry in _catalogue(language):
        for form in _forms(entry):
            bare = re.sub(r"„[^“]+“", "", form) if language == "de" else form
            assert not re.search(r"['\"“”]", bare), form
            assert "..." not in form, form
            if language == "fr":
                assert not re.search(r"[^\u00a0\u202f][;:!?»]|«[^\u00a0]", form), form


@each_language
def test_the_compiled_catalogue_says_the_same(language: str) -> None:
    compiled = polib.mofile(str(FOLDER / language / "LC_MESSAGES" / "django.mo"))
    says = {_key(entry): _forms(entry) for entry in compiled}
    assert says == {_key(entry): _forms(entry) for entry in _catalogue(language)}, "run compilemessages"
    assert compiled.metadata["Plural-Forms"] == _catalogue(language).metadata["Plural-Forms"]
