"""What is said to people, in the office's language: gettext catalogues, `locale/<language>/LC_MESSAGES/migstat.po`.

A message stands in the code in English, with the names of what is put into it: `say("row {row}", row=3)`. English
therefore needs no catalogue; a text a catalogue lacks is said in English, and a contract's own text as it is written.
The language is the environment's (`MIGSTAT_LANGUAGE`), so that every process and thread of an office speaks the same.
"""

import gettext
import io
import os
from functools import cache
from pathlib import Path
from string import Formatter

FOLDER = Path(__file__).parent / "locale"
DOMAIN = "migstat"
VARIABLE = "MIGSTAT_LANGUAGE"
SOURCE = "en"


def languages() -> list[str]:
    """The languages messages can be shown in."""
    return sorted({SOURCE, *(path.parent.parent.name for path in FOLDER.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))})


def language() -> str:
    """The office's language."""
    return os.environ.get(VARIABLE) or SOURCE


def say(text: str, /, **values: object) -> str:
    """A message in the office's language; without values, braces in it are only braces."""
    return _filled(_catalogue(language()).gettext(text), text, values) if text else ""


def say_n(one: str, many: str, n: int, /, **values: object) -> str:
    """A message that depends on a number, which is `{n}` in it; a language may have more than two such forms."""
    return _filled(_catalogue(language()).ngettext(one, many, n), one if n == 1 else many, {"n": n, **values})


def msgid(text: str, /) -> str:
    """A message that is said later, by `say` of what holds it; so marked, it comes into the catalogues."""
    return text


def holes(text: str) -> set[str]:
    """The names of what is put into a message; none where its braces are something else.

    >>> sorted(holes("{value} instead of {expected:.1f}"))
    ['expected', 'value']
    """
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name}
    except ValueError:
        return set()


def _filled(translated: str, text: str, values: dict[str, object]) -> str:
    """A slip in a catalogue must not stop a delivery: then the message is said in English."""
    if not values:
        return translated
    try:
        return translated.format(**values)
    except (LookupError, ValueError):
        return text.format(**values)


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    """A catalogue as its .po file is now: nothing compiled lies beside it that could be older."""
    path = FOLDER / name / "LC_MESSAGES" / f"{DOMAIN}.po"
    if name not in languages() or not path.is_file():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
