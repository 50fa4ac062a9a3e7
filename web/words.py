"""The desk's words in the viewer's language. English stands in the templates; a language's file has the others."""

import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

from domain.field_kinds import NotAllowed
from domain.lead_fields import LEAD_FIELDS, label_of

LANGUAGES = {"en": "English", "id": "Bahasa Indonesia"}
HERE = Path(__file__).parent / "languages"
# Seconds, minutes, hours, days, as short as a list needs.
UNITS = {"en": ("s", "m", "h", "d"), "id": (" dtk", " mnt", " jam", " hari")}

Translate = Callable[..., str]


@lru_cache
def table(language: str) -> Mapping[str, str]:
    """English to that language; English itself needs none."""
    path = HERE / f"{language}.toml"
    if not path.exists():
        return {}
    labels = {one.label: one.indonesian for one in LEAD_FIELDS} if language == "id" else {}
    return labels | tomllib.loads(path.read_text(encoding="utf-8"))


def translator(language: str) -> Translate:
    """What is not in the table stays English. Places in braces are filled in by name."""
    known = table(language)

    def translate(text: str, /, **values: object) -> str:
        found = known.get(text, text)
        return found.format(**values) if values else found

    return translate


def told(error: NotAllowed, translate: Translate) -> str:
    """What can't be done, in the viewer's language, with the field's name as the page says it."""
    values = {
        name: translate(label_of(str(value))) if name == "name" else value for name, value in error.values.items()
    }
    return translate(error.template, **values)


def preferred(accepted: str) -> str:
    """The first language of an Accept-Language header that we have."""
    wanted = (part.split(";")[0].strip().lower()[:2] for part in accepted.split(","))
    return next((language for language in wanted if language in LANGUAGES), "en")
