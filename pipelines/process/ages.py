"""Ages and age groups, however an office writes them, to SDMX codes such as Y20, Y15T64, Y_GE65, Y_LT5 and _T.

A bound that some read with and some without its own year ("over 65", "up to 5") is not guessed.
"""

import re
import unicodedata

from pipelines.language import msgid

OLDEST = 150
EXPECTED = msgid("an age or age group such as 20, 15-64, 65+, under 5 or total")
WORDS = {
    "_T": """_T, total, all, all ages, всего, итого, все возрасты, усього, всього, разом, усяго, вкупно, укупно, ukupno,
        gjithsej, totali, toplam, cəmi, барлығы, бардыгы, jami, ҳамагӣ, jemi, სულ, ընդամենը""",
    "_U": """_U, unk, unknown, not stated, not known, неизвестно, неизвестен, не указан, не указано, невідомо,
        не вказано, невядома, непознато, nepoznato, necunoscut, necunoscută, e panjohur, bilinmeyen, naməlum, белгісіз,
        белгисиз, noma'lum, номаълум, უცნობი, անհայտ, inconnu, desconocido""",
}
YEARS = """years old, years of age, years, year, yrs, yr, y.o., of age, age, aged, лет, год, года, років, роки, рік,
    гадоў, гады, година, године, години, godina, godine, godini, de ani, ani, vjeç, vjet, yaşında, yaşlı, yaş, yosh, ёш,
    жас, жаш, g., сола, ýaş, տարեկան, წლის, წელი, ans, años, سنة"""
AND_OVER = """and over, and above, and older, and more, or over, or older, or more, plus, и старше, и выше, и более,
    и больше, та старші, і старші, і старше, і більше, і старэйшыя, и повеќе, и постари, и више, или више, и старији,
    i više, i stariji, i starije, și peste, si peste, e lart, e sipër, dhe më shumë, ve üstü, ve üzeri, ve daha yukarı,
    və yuxarı, va undan katta, және одан жоғары, жана андан жогору, ва боло, և ավելի, և բարձր, და მეტი, et plus,
    ou plus, y más, o más, +"""
UNDER = """under, less than, below, younger than, до, младше, моложе, менее, испод, под, ispod, do, sub, până la,
    moins de, menos de, nën, <"""
FROM_TO = [
    ("from", "to"), ("between", "and"), ("от", "до"), ("с", "до"), ("від", "до"), ("од", "до"), ("od", "do"),
    ("de la", "la"), ("de", "à"), ("de", "a"), ("de", "la"), ("entre", "y"), ("entre", "et"),
]  # fmt: skip


def _plain(text: str) -> str:
    """Without case, accents and the two Turkish letters i."""
    letters = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(c for c in letters if not unicodedata.combining(c)).replace("ı", "i")


def _any_of(words: str) -> str:
    return "|".join(re.escape(_plain(" ".join(word.split()))) for word in words.split(","))


CODES = {" ".join(_plain(word).split()): code for code, words in WORDS.items() for word in words.split(",")}
DASHES = re.compile("\\s*[\u2010-\u2015\u2212-]\\s*")
UNIT = re.compile(rf"(?<![^\W\d_])(?:{_any_of(YEARS)})(?![^\W\d_])\.?|(?<=\d)y(?![^\W_])")
ILOSTAT = re.compile(r"^age_(?:[a-z\d]*[a-z][a-z\d]*_)?")
SINGLE = re.compile(r"y?(\d{1,3})")
RANGE = re.compile(r"y?(\d{1,3})(?:-|_|t| to | до | по | do | deri | a )(\d{1,3})")
SPELT_RANGE = re.compile("|".join(rf"{_plain(a)} (\d{{1,3}}) {_plain(b)} (\d{{1,3}})" for a, b in FROM_TO))
OLDER = re.compile(rf"y_?ge(\d{{1,3}})|(?:>=|≥) ?(\d{{1,3}})|(\d{{1,3}}) ?(?:{_any_of(AND_OVER)})")
YOUNGER = re.compile(rf"y_?lt(\d{{1,3}})|(?:{_any_of(UNDER)}) ?(\d{{1,3}})")


def age_of(text: str) -> str | None:
    """The SDMX code of an age or age group, or None when the text is not one."""
    plain = ILOSTAT.sub("", " ".join(DASHES.sub("-", _plain(text)).split()))
    if code := CODES.get(plain):
        return code
    plain = " ".join(UNIT.sub(" ", plain).split())
    if match := SINGLE.fullmatch(plain):
        return _code("Y{}", match)
    if match := RANGE.fullmatch(plain) or SPELT_RANGE.fullmatch(plain):
        first, last = _ages(match)
        return _code("Y{}T{}", match) if first < last else None
    if match := OLDER.fullmatch(plain):
        return _code("Y_GE{}", match)
    if match := YOUNGER.fullmatch(plain):
        return _code("Y_LT{}", match) if _ages(match) > [0] else None
    return None


def _ages(match: re.Match[str]) -> list[int]:
    return [int(age) for age in match.groups() if age is not None]


def _code(pattern: str, match: re.Match[str]) -> str | None:
    ages = _ages(match)
    return pattern.format(*ages) if max(ages) <= OLDEST else None
