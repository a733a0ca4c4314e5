"""Areas by name: every way a source writes one gives that area, none gives another, and none is guessed."""

import csv
import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.process.areas import FILES, area_names
from pipelines.process.codelists import SEVERAL, rows
from pipelines.settings import Settings

REFERENCE = Settings().reference
NAMES = area_names(REFERENCE)
LISTED = [row for file in FILES for row in rows(REFERENCE, file)]
KOREAS = {"KOR", "PRK"}
SHARED = {"Korea": KOREAS, "Корея": KOREAS, "Sub-Saharan Africa": {"947", "SSF"}, "Micronesia": {"954", "FSM"}}
FAMILIAR = {
    "Moldova (Republic of)": "MDA", "Republic of Moldova": "MDA", "Moldova, Republic of": "MDA", "Молдавия": "MDA",
    "Республика Молдова¹": "MDA", "Türkiye\nTurkey": "TUR", "TÜRKİYE": "TUR", "Турция 1)": "TUR", "Turkey*": "TUR",
    "FYROM": "MKD", "Makedonija": "MKD", "Белоруссия": "BLR", "«Киргизия»": "KGZ", "Côte d’Ivoire": "CIV",
    "Cote d'Ivoire": "CIV", "Bosnia & Herzegovina": "BIH", "США": "USA", "ОАЭ": "ARE", "Congo": "COG",
    "Congo, Democratic Republic of the": "COD", "Kosovo*": "XKX", "Gruziya/Georgia": "GEO", "Србија": "SRB",
    "Srbija": "SRB", "საქართველო": "GEO", "Հայաստան": "ARM", "Oʻzbekiston": "UZB", "O'zbekiston": "UZB",
    "Republic of Korea": "KOR", "Korea (Democratic People's Republic of)": "PRK", "Guinea-Bissau": "GNB",
    "Тайвань (Китай)": "TWN", "Republic of China": "TWN", "South Sudan": "SSD", "Лица без гражданства": "XXA",
    "Stateless": "XXA", "Неизвестно": "UNK", "Прочие страны": "_O", "Всего": "_T", "СССР": "SUN", "Абхазия": "XAB",
    "Shqipëria": "ALB", "Gjermania": "DEU", "Haymatlos": "XXA", "фуқаролиги бўлмаган шахслар": "XXA",
    "Ресей Федерациясы": "RUS", "Әзербайжан": "AZE", "Германия 2)": "DEU", "Kosovo (UNSCR 1244/99)": "XKX",
    "Germany (until 1990 former territory of the FRG)": "DEU", "остале државе": "_O",
    "EU27": "EU27_2020", "European Union": "EUU", "Serbia and Montenegro": "SCG",
}  # fmt: skip
NO_AREA = [
    "",
    "12",
    "*",
    "Moldova and Romania",
    "Turkey\nSyria",
    "Германея",
    "EU15",
    "Serbia 2",
    "Korea",
    "Republic",
    "и",
]


@pytest.mark.parametrize(("text", "area"), FAMILIAR.items())
def test_what_sources_write(text: str, area: str) -> None:
    assert NAMES.area_of(text) == area


@pytest.mark.parametrize("text", NO_AREA)
def test_no_name_is_never_guessed(text: str) -> None:
    assert NAMES.area_of(text) is None


def test_every_name_gives_its_own_area_or_says_that_it_has_two() -> None:
    for row in LISTED:
        meant = NAMES.meant(row["name"])
        assert meant == ({row["area"]} if row["name"] not in SHARED else SHARED[row["name"]]), row


@given(st.sampled_from(LISTED), st.data())
def test_no_way_of_writing_gives_another_area(row: dict[str, str], data: st.DataObject) -> None:
    """Case, blanks, hyphens, apostrophes, footnote marks and the order of words do not move people."""
    name = data.draw(st.sampled_from([str.upper, str.lower, str.title, str]))(row["name"])
    name = data.draw(
        st.sampled_from([name, name.replace(" ", "\u00a0"), name.replace("-", " "), name.replace("'", "’")])
    )
    name = " ".join(data.draw(st.permutations(name.split(" "))))
    name += data.draw(st.sampled_from(["", " ", "*", " *", "¹", "²⁾", " 1)", " (2)", "[3]"]))
    assert NAMES.area_of(name) in {row["area"], None}
    assert NAMES.meant(name) <= {row["area"]} | SHARED.get(row["name"], set())


@given(st.sampled_from(LISTED), st.sampled_from(LISTED), st.sampled_from(["\n", " / ", "|", "; "]))
def test_two_names_in_one_cell_must_agree(one: dict[str, str], other: dict[str, str], between: str) -> None:
    area = NAMES.area_of(one["name"] + between + other["name"])
    if one["area"] != other["area"]:
        assert area not in {one["area"], other["area"]}


@given(st.text(max_size=40))
def test_no_text_breaks_it(text: str) -> None:
    NAMES.area_of(text)
    assert isinstance(NAMES.remedy(text), str)


def test_an_unknown_name_is_answered_with_the_nearest_and_a_shared_one_with_both() -> None:
    assert NAMES.remedy("Geramny").startswith("The closest are: Germany (DEU)")
    assert NAMES.remedy("Micronesia") == (
        "It is a name of 954 and of FSM: say under `codes` in the contract which is meant."
    )


def test_names_are_what_cldr_and_iso_codes_say() -> None:
    """Whoever updates Babel or pycountry sees which names have changed."""
    path = REFERENCE / "make_area_names.py"
    spec = importlib.util.spec_from_file_location("make_area_names", path)
    assert spec and spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.text() == (REFERENCE / "area_names.csv").read_text(encoding="utf-8")


def test_each_name_is_of_a_listed_area_and_each_code_of_one_area_only() -> None:
    areas = {row["code"]: row for row in rows(REFERENCE, "areas")}
    assert {row["area"] for row in LISTED} <= set(areas)
    for scheme in ("code", "m49", "iso2", "unhcr", "worldbank", "eurostat", "sdmx"):
        written = [text for row in areas.values() for text in row[scheme].split(SEVERAL) if text]
        assert len(written) == len(set(written)), scheme


@pytest.mark.real_data
def test_every_citizenship_of_the_ministrys_workbook_is_known(real: Path) -> None:
    """255 citizenships in Russian, the total and the stateless."""
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_path(real / "files/rosstat_migration/stst_2016.xls")
    written = [str(row[0]) for row in book.get_sheet_by_index(1).to_python()[11:]]
    found = {text: NAMES.area_of(text) for text in written}
    assert len(written) == 257 and None not in found.values()
    assert len(set(found.values())) == 256  # Saint Pierre and Miquelon stands there twice, in two spellings
    kinds = {row["code"]: row["kind"] for row in rows(REFERENCE, "areas")}
    special = {text.strip(): found[text] for text in written if kinds[found[text] or ""] != "country"}
    assert special == {
        "ВСЕГО по странам": "_T", "Абхазия": "XAB", "Северный Кипр (ТРСК)": "XNC",
        "Нагорно-Карабахская Республика": "XNK", "Приднестровская Молдавская Республика": "XTN", "Южная Осетия": "XSO",
        "ЛИЦА БЕЗ ГРАЖДАНСТВА": "XXA",
    }  # fmt: skip


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("file", "name", "code", "scheme"),
    [
        ("unhcr/population_seeeca_2000_2025.csv", "coo_name", "coo_iso", "code"),
        ("datasets_gdp/gdp.csv", "Country Name", "Country Code", "worldbank"),
    ],
)
def test_names_agree_with_the_codes_that_stand_beside_them(
    real: Path, file: str, name: str, code: str, scheme: str
) -> None:
    known = {text: row["code"] for row in rows(REFERENCE, "areas") for text in row[scheme].split(SEVERAL)}
    with (real / file).open(encoding="utf-8-sig", newline="") as lines:
        pairs = {(row[name], known.get(row[code])) for row in csv.DictReader(lines)}
    wrong = {(text, area, NAMES.area_of(text)) for text, area in pairs if NAMES.area_of(text) != area}
    assert {text for text, _, _ in wrong} <= set(SHARED)
