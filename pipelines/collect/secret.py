"""The key of an endpoint: known to its server, and taken out of everything else before it is written or said."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

from pipelines.language import say

HIDDEN = "HIDDEN"
SHORTEST = 6


class Secret:
    """A key from the environment; without a name there is none, and nothing to hide."""

    def __init__(self, name: str) -> None:
        """Look the key up.

        Raises:
            LookupError: it is not in the environment.
        """
        self.value = os.environ.get(name, "").strip() if name else ""
        if name and len(self.value) < SHORTEST:
            raise LookupError(say("its server wants a key. Put it into the environment variable {name}.", name=name))

    def clean(self, text: str) -> str:
        """A text without the key, however it is written in it."""
        for written in self._spellings():
            text = text.replace(written, HIDDEN)
        return text

    def clean_file(self, path: Path) -> None:
        """Take the key out of an answer that repeats it, as links to a next page do."""
        if not self.value:
            return
        found = path.read_bytes()
        bare = found
        for written in self._spellings():
            bare = bare.replace(written.encode(), HIDDEN.encode())
        if bare != found:
            path.write_bytes(bare)

    def _spellings(self) -> list[str]:
        if not self.value:
            return []
        in_json = json.dumps(self.value)[1:-1]
        ways: list[Callable[[str], str]] = [str, quote, quote_plus, lambda key: quote(key, safe="")]
        return [*dict.fromkeys(way(self.value) for way in ways), in_json, in_json.replace("/", "\\/")]
