"""Write `area_names.csv`: what areas are called in the region's languages, from CLDR (Babel) and iso-codes (pycountry).

Run it after an update of either: `python warehouse/reference/make_area_names.py`. Names that neither
knows stand in `area_names_extra.csv`, which is kept by hand.
"""

import csv
import gettext
import io
from collections.abc import Iterator
from pathlib import Path

import babel
import pycountry

HERE = Path(__file__).parent
FIELDS = ["area", "language", "name", "kind", "source"]
LANGUAGES = [
    "en", "ru", "fr", "es", "ar", "az", "be", "bs", "hr", "hy", "ka", "kk", "ky", "mk", "ro", "sq", "sr", "sr_Latn",
    "tg", "tk", "tr", "uk", "uz", "uz_Cyrl",
]  # fmt: skip
GETTEXT = {"sr_Latn": "sr@latin"}
FORMER = ["ANT", "CSK", "DDR", "SCG", "SUN", "YUG"]
REGIONS = {"001": "900", "002": "903", "142": "935", "150": "908", "419": "904", "021": "905", "009": "909"}
SAME_AREAS = {"917", "918", "1830"}
MISTAKEN = {
    ("COD", "kk", "Конго"), ("COD", "ky", "Конго Республикасы"), ("DDR", "hy", "Կենտրոնական Աֆրիկյան Հանրապետություն"),
    ("DMA", "ky", "Доминикан Республикасы"), ("FRA", "tk", "Fransuz Polineziýasy"),
    ("LKA", "tg", "Князигарии Лихтенштейн"), ("LTU", "tk", "Litwiýa"), ("LTU", "tk", "Litwiýa Respublikasy"),
    ("LVA", "tk", "Litwiýa"), ("LVA", "tk", "Litwiýa Respublikasy"), ("MDA", "ar", "المالديف"),
    ("NPL", "kk", "Орталық Африка Республикасы"), ("PSE", "tg", "Давлати Эритрея"),
}  # fmt: skip
"""Names of other areas, which a translator has taken for this one."""

Row = tuple[str, str, str, str, str]


def text() -> str:
    """The whole file; of equal names in one language the first source counts."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in [*_own(), *(row for language in LANGUAGES for row in [*_cldr(language), *_iso(language)])]:
        if row[:3] not in MISTAKEN:
            found.setdefault(row[:3], row)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(sorted(found.values()))
    return file.getvalue()


def _own() -> Iterator[Row]:
    """The names of `areas.csv`; regions that the UN lists twice under one name go by the first code."""
    with (HERE / "areas.csv").open(encoding="utf-8", newline="") as areas:
        taken: set[str] = set()
        for row in csv.DictReader(areas):
            numbered = row["code"].isdigit()
            if not (numbered and row["name"] in taken) and row["code"] not in SAME_AREAS:
                yield row["code"], "en", row["name"], "short", "areas.csv"
            taken |= {row["name"]} if numbered else set()


def _cldr(language: str) -> Iterator[Row]:
    codes = REGIONS | {country.alpha_2: country.alpha_3 for country in pycountry.countries} | {"XK": "XKX"}
    for territory, name in babel.Locale.parse(language).territories.items():
        if territory in codes:
            yield codes[territory], language, name, "short", "CLDR"


def _iso(language: str) -> Iterator[Row]:
    if language == "uz_Cyrl":
        return  # gettext would give the names in Latin script
    current = _translation("iso3166-1", language)
    former = _translation("iso3166-3", language)
    for country in pycountry.countries:
        for field, kind in {"name": "short", "common_name": "short", "official_name": "long"}.items():
            name = getattr(country, field, None)
            if name and (language == "en" or current(name) != name):
                yield country.alpha_3, language, current(name), kind, "ISO 3166-1"
    for country in pycountry.historic_countries:
        if country.alpha_3 in FORMER and (language == "en" or former(country.name) != country.name):
            yield country.alpha_3, language, former(country.name), "former", "ISO 3166-3"


def _translation(domain: str, language: str):
    names = [GETTEXT.get(language, language)]
    return gettext.translation(domain, pycountry.LOCALES_DIR, names, fallback=True).gettext


if __name__ == "__main__":
    (HERE / "area_names.csv").write_text(text(), encoding="utf-8", newline="")
