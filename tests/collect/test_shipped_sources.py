"""Each shipped endpoint, asked on a local server that speaks its shape; figures are made up unless a test says so."""

import io
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import openpyxl
import pytest

from pipelines.collect.fetch import fetch
from pipelines.contract import Contract, load_contract, load_contracts
from pipelines.delivery import Outcome, State
from pipelines.process.harmonised import staged
from pipelines.process.run import examine
from pipelines.settings import ROOT, Settings
from pipelines.source import EndpointSource, Source

from .conftest import Asked, Reply, Server, file_on_server

SAMPLES = ROOT / "samples" / "inbox"
EUROSTAT_HEADER = "DATAFLOW,LAST UPDATE,freq,border,unit,reason,citizen,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG,CONF_STATUS"


class Office:
    """A home in which the shipped contracts ask the local server instead of the world."""

    def __init__(self, home: Path, server: Server) -> None:
        self.settings = Settings(home=home, fetch_attempts=1)
        self.server = server

    def contract(self, dataset: str) -> Contract:
        contract = load_contract(self.settings.contracts / f"{dataset}.yaml")
        return contract.model_copy(update={"sources": [self._here(source) for source in contract.sources]})

    def _here(self, source: Source) -> Source:
        if not isinstance(source, EndpointSource):
            return source
        _, _, path = source.url.removeprefix("https://").partition("/")
        return source.model_copy(update={"url": f"{self.server.url}/{path}", "rate": None})

    def taken_in(
        self, dataset: str, columns: str, elsewhere_missing: bool = False
    ) -> tuple[Outcome, list[tuple[Any, ...]]]:
        """Fetch, harmonise and validate; the outcome and the tidy rows."""
        contract = self.contract(dataset)
        fetched = fetch(contract, self.settings)
        assert elsewhere_missing or fetched.failed == []
        (receipt,) = fetched.receipts
        folder = self.settings.staging / receipt.delivery_id
        outcome = examine(receipt, contract, self.settings, folder)
        assert outcome.state == State.ACCEPTED, outcome.reason
        return outcome, self.rows(dataset, columns)

    def rows(self, dataset: str, columns: str) -> list[tuple[Any, ...]]:
        """The tidy rows of what was taken in."""
        files = sorted(self.settings.staging.glob(f"{dataset}-*/*.parquet"))
        return duckdb.sql(f"SELECT {columns} FROM {staged(files)} ORDER BY ALL").fetchall()


@pytest.fixture
def office(tmp_path: Path, server: Server) -> Iterator[Office]:
    return Office(tmp_path / "home", server)


def test_eurostat(office: Office) -> None:
    flow = "ESTAT:MIGR_EIRFS(1.0),15/07/26 11:00:00,A,TOTAL,PER,TOTAL"
    body = f"{EUROSTAT_HEADER}\n{flow},MD,EL,2024,455,,\n{flow},XK,UK,2019,:,,\n{flow},MD,PL,2024,12345,ep,\n"
    path = urlsplit(office.contract("border_refusals").endpoints[0].url).path
    office.server.answer(path, Reply(body))
    _, rows = office.taken_in("border_refusals", "ref_area, counterpart_area, time_period, obs_value, obs_status, note")
    assert rows == [
        ("GBR", "XKX", "2019", None, "O", None),
        ("GRC", "MDA", "2024", 455.0, "A", None),
        ("POL", "MDA", "2024", 12345.0, "A", "ep"),
    ]


def test_ilostat(office: Office) -> None:
    header = (
        "DATAFLOW,REF_AREA,FREQ,MEASURE,SEX,AGE,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE_TYPE,UNIT_MEASURE,UNIT_MULT,"
        "SOURCE,NOTE_SOURCE,NOTE_INDICATOR,NOTE_CLASSIF,DECIMALS,UPPER_BOUND,LOWER_BOUND"
    )
    rows = [
        f'ILO:DF_UNE_DEAP_SEX_AGE_RT(1.0),MDA,A,UNE_DEAP_RT,{sex},AGE_YTHADULT_YGE15,2024,{rate},,RT,PT,0,"{survey}",,,,1,,'
        for sex, rate, survey in [
            ("SEX_T", 4.5, "LFS - Labour Force Survey"),
            ("SEX_F", 4, "LFS - Labour Force Survey"),
            ("SEX_M", 5, "LFS - Labour Force Survey"),
            ("SEX_T", 6, "PC - Population Census"),
        ]
    ]
    office.server.answer(
        urlsplit(office.contract("unemployment").endpoints[0].url).path, Reply("\n".join([header, *rows]))
    )
    _, found = office.taken_in("unemployment", "sex, survey, obs_value, obs_status")
    assert found == [
        ("F", "LFS - Labour Force Survey", 4.0, "A"),
        ("M", "LFS - Labour Force Survey", 5.0, "A"),
        ("_T", "LFS - Labour Force Survey", 4.5, "A"),
        ("_T", "PC - Population Census", 6.0, "A"),
    ]


def test_unhcr(office: Office) -> None:
    """Zero is the text “0”, unknown is “-”, UNHCR's AUS is Austria, and pages are one delivery."""
    people = (
        "refugees",
        "asylum_seekers",
        "returned_refugees",
        "idps",
        "returned_idps",
        "stateless",
        "ooc",
        "oip",
        "hst",
    )
    countries = {"coo": "SYR", "coo_iso": "SYR", "coa_iso": "AUT", "coa": "AUS"}

    def answer(asked: Asked) -> Reply:
        assert asked.params["yearFrom"] == ["2000"], "without both years the server gives all since 1951"
        assert "yearTo" in asked.params
        page = int(asked.params["page"][0])
        item = {"year": 2023 + page, **countries} | dict.fromkeys(people, "0") | {"refugees": 40000 + page, "hst": "-"}
        return Reply({"page": page, "maxPages": 2, "items": [item]})

    office.server.answer("/population/v1/population/", answer)
    columns = "time_period, ref_area, ref_area_unhcr, counterpart_area, series, obs_value, obs_status"
    outcome, rows = office.taken_in("refugees", columns)
    assert outcome.rows_read == 18
    assert ("2024", "AUT", "AUS", "SYR", "REFUGEES", 40001.0, "A") in rows
    assert ("2025", "AUT", "AUS", "SYR", "REFUGEES", 40002.0, "A") in rows
    assert ("2025", "AUT", "AUS", "SYR", "IDPS", 0.0, "A") in rows
    assert ("2025", "AUT", "AUS", "SYR", "HOST_COMMUNITY", None, "O") in rows


def world_bank(code: str, *values: float | None) -> Reply:
    said = {"page": 1, "pages": 1, "per_page": 1000, "total": len(values), "sourceid": "2", "lastupdated": "2026-07-13"}
    country = {"indicator": {"id": code, "value": code}, "country": {"id": "MD", "value": "Moldova"}}
    rows = [
        {**country, "countryiso3code": "MDA", "date": str(2025 - i), "value": value, "unit": "", "decimal": 0}
        for i, value in enumerate(values)
    ]
    return Reply([said, rows])


def test_world_bank(office: Office) -> None:
    """A null is missing, and the edition the server names is the vintage."""
    for dataset in ("gdp", "remittances"):
        source = office.contract(dataset).endpoints[0]
        office.server.answer(urlsplit(source.url).path, world_bank(source.url.rpartition("/")[2], None, 1.9e9))
    _, rows = office.taken_in("gdp", "ref_area, time_period, obs_value, obs_status, vintage")
    assert rows == [("MDA", "2024", 1.9e9, "A", "2026-07-13"), ("MDA", "2025", None, "O", "2026-07-13")]
    _, rows = office.taken_in("remittances", "time_period, accounting, concept, obs_value, unit_mult")
    assert rows == [("2024", "GROSS", "global", 1.9e9, 0), ("2025", "GROSS", "global", None, 0)]


def test_world_bank_asked_for_three_series(office: Office) -> None:
    """Each series is a delivery of its own; investment can flow out."""
    contract = office.contract("external_finance")
    (source,) = contract.endpoints
    for code, values in {"NE.EXP.GNFS.CD": [5e9], "BX.KLT.DINV.CD.WD": [-2e8], "DT.ODA.ODAT.CD": [None, 1e8]}.items():
        office.server.answer(urlsplit(source.url).path.replace("{series}", code), world_bank(code, *values))
    fetched = fetch(contract, office.settings)
    assert fetched.failed == []
    assert len(fetched.receipts) == 3
    for receipt in fetched.receipts:
        folder = office.settings.staging / receipt.delivery_id
        outcome = examine(receipt, contract, office.settings, folder)
        assert outcome.state == State.ACCEPTED, [outcome.reason, *[(c.notes, c.observed) for c in outcome.failed]]
    rows = office.rows("external_finance", "ref_area, time_period, item, obs_value, obs_status")
    assert rows == [
        ("MDA", "2024", "ODA_RECEIVED", 1e8, "A"),
        ("MDA", "2025", "EXPORTS", 5e9, "A"),
        ("MDA", "2025", "FDI_INFLOWS", -2e8, "A"),
        ("MDA", "2025", "ODA_RECEIVED", None, "O"),
    ]


def test_unsd(office: Office) -> None:
    """Codes of areas are texts, years are 2000.0, and a value that is missing is the text “NaN”."""
    common = {
        "goal": ["10"],
        "target": ["10.7"],
        "indicator": ["10.7.4"],
        "series": "SM_POP_REFG_OR",
        "geoAreaCode": "498",
    }
    common |= {
        "geoAreaName": "Republic of Moldova",
        "footnotes": [""],
        "attributes": {"Nature": "C", "Units": "PER_100000_POP"},
    }
    data = [
        common | {"timePeriodStart": 2023.0, "value": "12.5", "dimensions": {"Reporting Type": "G"}},
        common | {"timePeriodStart": 2024.0, "value": "NaN", "dimensions": {"Reporting Type": "G", "Sex": "FEMALE"}},
    ]
    office.server.answer(
        "/sdgapi/v1/sdg/Series/Data", Reply({"totalPages": 1, "attributes": [], "dimensions": [], "data": data})
    )
    _, rows = office.taken_in("sdg_global", "ref_area, time_period, indicator, sex, age, nature, obs_value, obs_status")
    assert rows == [
        ("MDA", "2023", "10.7.4", "_T", "ALLAGE", "C", 12.5, "A"),
        ("MDA", "2024", "10.7.4", "F", "ALLAGE", "C", None, "O"),
    ]
    assert "SM_POP_REFG_OR" in office.server.asked[0].params["seriesCode"]


def test_missing_migrants(office: Office) -> None:
    """Every number is a text, an empty one is unknown, and an incident comes in several rows."""
    incident = {
        "web_id": "2025.MMP0001", "reported_date": "2025-02-07", "number_dead": "14", "number_missing": "",
        "total_dead_and_missing": "14", "number_of_survivors": "", "number_of_female": "", "number_of_male": "",
        "number_of_children": "0", "cause_death": "Violence", "country_of_incident": "Libya",
        "location_description": "Unspecified", "location_coodinates": "29.3, 21.6", "migration_route": "",
        "region_origin": "Sub-Saharan Africa (P)", "country_origin": "Unknown",
    }  # fmt: skip
    again = incident | {
        "number_dead": "4",
        "total_dead_and_missing": "4",
        "country_of_incident": "Iran (Islamic Republic of)",
    }
    office.server.answer("/global-figures/2025/json", Reply([incident, again]))
    columns = "ref_area, time_period, series, obs_value, obs_status"
    outcome, rows = office.taken_in("missing_migrants", columns, elsewhere_missing=True)
    assert outcome.rows_read == 14
    assert ("LBY", "2025", "DEAD", 14.0, "A") in rows
    assert ("IRN", "2025", "DEAD_AND_MISSING", 4.0, "A") in rows
    assert ("LBY", "2025", "MISSING", None, "O") in rows
    assert ("LBY", "2025", "CHILDREN", 0.0, "A") in rows


def test_missing_migrants_of_the_first_year(office: Office) -> None:
    """2014 has neither the region nor the country the people came from: its rows are as good."""
    incident = {
        "web_id": "2014.MMP0001", "reported_date": "2014-01-02", "number_dead": "1", "number_missing": "",
        "total_dead_and_missing": "1", "number_of_survivors": "", "number_of_female": "", "number_of_male": "",
        "number_of_children": "", "cause_death": "Drowning", "country_of_incident": "Libya",
        "location_description": "Unspecified", "location_coodinates": "29.3, 21.6", "migration_route": "",
    }  # fmt: skip
    office.server.answer("/global-figures/2014/json", Reply([incident]))
    _, rows = office.taken_in("missing_migrants", "ref_area, time_period, series, obs_value", elsewhere_missing=True)
    assert ("LBY", "2014", "DEAD", 1.0) in rows


@pytest.mark.real_data
def test_missing_migrants_of_a_year(office: Office, real: Path) -> None:
    """IOM's own answer for 2025: 975 rows, four of which repeat another one in all but the links to reports."""
    file = real / "files" / "iom_mmp_json" / "2025-json.json"
    office.server.answer("/global-figures/2025/json", file_on_server(file.read_bytes()))
    outcome, rows = office.taken_in("missing_migrants", "series, obs_value", elsewhere_missing=True)
    assert (outcome.rows_read, outcome.rows_discarded) == (975 * 7, 4 * 7)
    told_apart = (
        "web_id",
        "reported_date",
        "location_coodinates",
        "location_description",
        "region_origin",
        "country_origin",
    )
    published = {
        (*(row[name] for name in told_apart), row["total_dead_and_missing"]): row["total_dead_and_missing"]
        for row in json.loads(file.read_bytes())
    }
    assert sum(value or 0 for series, value in rows if series == "DEAD_AND_MISSING") == sum(
        int(total or 0) for total in published.values()
    )


def test_un_desa_workbook_by_url(office: Office) -> None:
    """The sample is an extract of the published workbook, so its figures are real."""
    (sample,) = (SAMPLES / "migrant_stock").glob("*.xlsx")
    path = urlsplit(office.contract("migrant_stock").endpoints[0].url).path.replace("{vintage}", "2019")
    office.server.answer(path, file_on_server(sample.read_bytes()))
    outcome, rows = office.taken_in("migrant_stock", "DISTINCT vintage, source_sheet")
    assert rows == [("2019", "Table 1"), ("2019", "Table 2"), ("2019", "Table 6")]
    assert outcome.rows_accepted > 100


def test_unhcr_decisions(office: Office) -> None:
    """One row of the answer becomes a figure for each outcome, by procedure and level."""
    item = {
        "year": 2024, "coo": "AFG", "coo_iso": "AFG", "coa": "SRB", "coa_iso": "SRB", "procedure_type": "G",
        "dec_level": "FI", "dec_pc": "P", "dec_recognized": 3, "dec_other": 2, "dec_rejected": 5, "dec_closed": "0",
        "dec_total": 10,
    }  # fmt: skip
    again = item | {"dec_level": "AR", "dec_recognized": "-", "dec_total": 7}
    office.server.answer("/population/v1/asylum-decisions/", Reply({"page": 1, "maxPages": 1, "items": [item, again]}))
    _, rows = office.taken_in("asylum_decisions", "ref_area, counterpart_area, level, series, obs_value, obs_status")
    assert len(rows) == 10
    assert ("SRB", "AFG", "FI", "RECOGNIZED", 3.0, "A") in rows
    assert ("SRB", "AFG", "FI", "CLOSED", 0.0, "A") in rows
    assert ("SRB", "AFG", "AR", "RECOGNIZED", None, "O") in rows
    assert ("SRB", "AFG", "AR", "TOTAL", 7.0, "A") in rows


def test_unhcr_applications(office: Office) -> None:
    item = {
        "year": 2024, "coo": "AFG", "coo_iso": "AFG", "coa": "SRB", "coa_iso": "SRB", "procedure_type": "G",
        "app_type": "N", "dec_level": "FI", "app_pc": "P", "applied": 12,
    }  # fmt: skip
    again = item | {"dec_level": "AR", "applied": "-"}
    path = "/population/v1/asylum-applications/"
    office.server.answer(path, Reply({"page": 1, "maxPages": 1, "items": [item, again]}))
    _, rows = office.taken_in("asylum_applications", "ref_area, counterpart_area, kind, level, counted, obs_value")
    assert rows == [("SRB", "AFG", "N", "AR", "P", None), ("SRB", "AFG", "N", "FI", "P", 12.0)]


def test_unhcr_demographics(office: Office) -> None:
    """Who is of unknown age is counted apart, and who is of unknown sex only in the total."""
    ages = ("0_4", "5_11", "12_17", "18_59", "60", "other", "total")
    item: dict[str, object] = {"year": 2024, "coo": "AFG", "coo_iso": "AFG", "coa": "SRB", "coa_iso": "SRB"}
    item |= {f"{sex}_{age}": 1 for sex in "fm" for age in ages} | {"f_total": 6, "m_total": "-", "total": 20}
    item |= {"pop_type": "REF"}
    office.server.answer("/population/v1/demographics/", Reply({"page": 1, "maxPages": 1, "items": [item]}))
    _, rows = office.taken_in("refugees_demographics", "ref_area, counterpart_area, sex, age, obs_value, obs_status")
    assert len(rows) == 15
    assert ("SRB", "AFG", "F", "_T", 6.0, "A") in rows
    assert ("SRB", "AFG", "F", "_U", 1.0, "A") in rows
    assert ("SRB", "AFG", "M", "Y_GE60", 1.0, "A") in rows
    assert ("SRB", "AFG", "M", "_T", None, "O") in rows
    assert ("SRB", "AFG", "_T", "_T", 20.0, "A") in rows


def test_internal_displacement(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server repeats the key in the address of the next page; it stays out of all that is kept."""
    key = "K3Y0000DISPLACEMENT"
    monkeypatch.setenv("MIGSTAT_IDMC_CLIENT_ID", key)
    event = {
        "iso3": "BIH", "country_name": "Bosnia and Herzegovina", "year": 2024, "event_name": "BIH: Floods",
        "hazard_sub_type_name": "Flood", "start_date": "2024-10-04", "start_date_accuracy": "Month",
        "new_displacement": 2000, "total_displacement": None,
    }  # fmt: skip
    path = "/external-api/gidd/disasters/"

    def answer(asked: Asked) -> Reply:
        assert asked.params["client_id"] == [key]
        first = asked.params.get("offset", ["0"]) == ["0"]
        following = f"{office.server.url}{path}?format=json&limit=100&offset=100&client_id={key}"
        results = [event] if first else [event | {"event_name": "BIH: Landslide", "new_displacement": 30}]
        return Reply({"count": 2, "next": following if first else None, "previous": None, "results": results})

    office.server.answer(path, answer)
    _, rows = office.taken_in("displacement", "ref_area, time_period, event, series, obs_value, obs_status")
    assert rows == [
        ("BIH", "2024", "BIH: Floods", "NEW", 2000.0, "A"),
        ("BIH", "2024", "BIH: Floods", "TOTAL", None, "O"),
        ("BIH", "2024", "BIH: Landslide", "NEW", 30.0, "A"),
        ("BIH", "2024", "BIH: Landslide", "TOTAL", None, "O"),
    ]
    kept = [file for file in office.settings.home.rglob("*") if file.is_file()]
    assert kept
    assert not any(key.encode() in file.read_bytes() for file in kept)


def workbook(sheet: str, rows: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_remittance_prices_by_url(office: Office) -> None:
    """Columns as the published workbook names them; quarters are written 2024_1Q."""
    header = [
        "id", "period", "source_code", "source_name", "destination_code", "destination_name", "firm", "firm_type",
        "speed actual", "cc1 lcu amount", "cc1 lcu fee", "cc1 fx margin", "cc1 total cost %", "cc2 total cost %",
        "transparent",
    ]  # fmt: skip
    quotes = [
        [1, "2024_1Q", "RUS", "Russian Federation", "KGZ", "Kyrgyz Republic", "Firm A", "Bank",
         "Less than one hour", 9000, 90, 0.5, 1.5, 1.2, "yes"],
        [2, "2024_1Q", "RUS", "Russian Federation", "KSV", "Kosovo", "Firm B", "Post", "2 days",
         9000, 90, 0, 1, 0.9, "no"],
    ]  # fmt: skip
    path = urlsplit(office.contract("remittance_prices").endpoints[0].url).path
    office.server.answer(path, file_on_server(workbook("Dataset (from Q2 2016)", [header, *quotes])))
    columns = "ref_area, counterpart_area, time_period, transparent, series, obs_value, unit_measure"
    _, rows = office.taken_in("remittance_prices", columns)
    assert len(rows) == 10
    assert ("RUS", "KGZ", "2024-Q1", "Y", "COST_200", 1.5, "PT") in rows
    assert ("RUS", "XKX", "2024-Q1", "N", "FEE_200", 90.0, "CURRENCY") in rows


STATBANK = {
    "Ani": {"0": "2023", "1": "2024"},
    "Tara de destinatie": {"0": "Total", "1": "Great Britain", "2": "Italia", "3": "USA"},
    "Sexe": {"1": "Males", "2": "Females"},
    "Grupe de virsta": {"0": "Age groups- total", "1": "0-4", "2": "85+"},
}
"""Variables, their order and these labels as Statistics Moldova's table has them; the sexes' labels are supposed."""


def statbank(asked: Asked) -> Reply:
    """The table as PX-Web 1 gives it: a byte order mark, codes of its own, nothing where there is a mark."""
    if asked.method == "GET":
        told = [
            {"code": name, "text": name, "values": list(labels), "valueTexts": list(labels.values())}
            for name, labels in STATBANK.items()
        ]
        return Reply(b"\xef\xbb\xbf" + json.dumps({"title": "Emigrants", "variables": told}).encode())
    assert asked.body["response"] == {"format": "json-stat2"}
    chosen = {part["code"]: part["selection"]["values"] for part in asked.body["query"]}
    sizes = [len(codes) for codes in chosen.values()]
    assert math.prod(sizes) <= 1000
    places = list(itertools.product(*chosen.values()))
    values = [None if place == ("0", "3", "1", "2") else int("".join(place)) for place in places]
    cube = {
        "class": "dataset", "version": "2.0", "updated": "2026-06-12T00:00:00Z", "id": list(chosen), "size": sizes,
        "dimension": {
            name: {"label": name, "category": {"index": {c: i for i, c in enumerate(codes)},
                                               "label": {c: STATBANK[name][c] for c in codes}}}
            for name, codes in chosen.items()
        },
        "value": values, "status": {str(values.index(None)): "-"} if None in values else {},
    }  # fmt: skip
    return Reply(b"\xef\xbb\xbf" + json.dumps(cube).encode())


def test_px_web_of_statistics_moldova(office: Office) -> None:
    office.server.answer(urlsplit(office.contract("migration_flows").endpoints[0].url).path, statbank)
    columns = "time_period, counterpart_area, sex, age, obs_value, obs_status"
    outcome, rows = office.taken_in("migration_flows", columns)
    assert (outcome.rows_read, len(rows)) == (48, 48)
    assert ("2024", "_T", "M", "_T", 1010.0, "A") in rows
    assert ("2023", "GBR", "F", "Y0T4", 121.0, "A") in rows
    assert ("2023", "USA", "M", "Y_GE85", None, "M") in rows
    everywhere = "DISTINCT ref_area, direction, duration, criterion, concept, source"
    found = office.rows("migration_flows", everywhere)
    assert found == [("MDA", "EMIGRATION", "_U", "CPR", "national_proxy", "Statistics Moldova, POP07300")]


def test_every_shipped_endpoint_is_tried_here() -> None:
    """Or a contract could be shipped that no server has ever answered."""
    text = Path(__file__).read_text(encoding="utf-8")
    for name, contract in load_contracts(Settings().contracts).items():
        if contract.endpoints:
            assert any(f'office.{asked}("{name}"' in text for asked in ("taken_in", "contract")), name
