"""What the letters of a text could be encoded in: a proposal to a person, when the contract's encoding does not fit."""

import codecs

from charset_normalizer import from_bytes

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
CANDIDATES = (
    "utf-8 windows-1251 windows-1252 windows-1250 windows-1254 windows-1257 iso8859-2 iso8859-5 iso8859-9 koi8-r "
    "koi8-u cp866 windows-1256"
)


def proposal(head: bytes, words: list[str]) -> str:
    """The encoding in which the words a contract expects are in a text, else the most likely one; "" if none is.

    Detection alone is often wrong for short Turkish or Serbian texts, so it is asked last.
    """
    for mark, encoding in BOMS.items():
        if head.startswith(mark):
            return encoding
    telling = [word for word in words if not word.isascii()]
    for encoding in CANDIDATES.split() if telling else ():
        text = head.decode(encoding, "ignore")
        if all(word in text for word in telling):
            return encoding
    found = from_bytes(head).best()
    return found.encoding.replace("_", "-") if found else ""


def same(one: str, other: str) -> bool:
    """Whether two names are of one encoding."""
    return codecs.lookup(one) == codecs.lookup(other)
