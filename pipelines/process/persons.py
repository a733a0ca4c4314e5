"""Persons: an identifier becomes a keyed pseudonym before anything of it leaves landing."""

import hmac
import unicodedata

from pipelines.language import say
from pipelines.settings import Settings

SHORTEST_KEY = 32
DIGITS = 32


class NoPersonKey(ValueError):
    """The office has not set the key that pseudonyms are made with."""


def person_key(dataset: str, settings: Settings) -> bytes:
    """The office's secret key.

    Raises:
        NoPersonKey: there is none, or it is too short to keep the pseudonyms from being undone by trial.
    """
    key = settings.person_key.get_secret_value()
    if len(key) < SHORTEST_KEY:
        raise NoPersonKey(
            say(
                "The contract of {dataset} declares a column that identifies persons. Set "
                "MIGSTAT_PERSON_KEY to a secret of at least {least} characters (it has {length}), and "
                "keep it: another gives other pseudonyms.",
                dataset=dataset,
                least=SHORTEST_KEY,
                length=len(key),
            )
        )
    return key.encode()


def pseudonym(identifier: str, key: bytes) -> str | None:
    """HMAC-SHA-256 of an identifier, case and blanks aside, shortened to 128 bits; nothing of an empty one.

    The same person has the same pseudonym in every delivery and dataset, and nobody without the key can tell whose it
    is, not even by trying all numbers there are.
    """
    plain = "".join(unicodedata.normalize("NFKC", identifier).upper().split())
    return hmac.digest(key, plain.encode(), "sha256").hex()[:DIGITS] if plain else None
