"""Write docs/indicators.md: what is computed, and how it compares with what is published.

`python -m tests.oracles.report`. A cell that is not equal at its published precision is explained by inputs of another
vintage or by a territory that is noted, within what that can move; the rest is unexplained, and there must be none.
"""

import csv
import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import openpyxl

from pipelines.analyse.definition import Indicator, load_indicators
from pipelines.analyse.lineage import drawn, lineage, table_columns
from pipelines.process.ages import age_of
from pipelines.settings import ROOT, Settings
from pipelines.store.lake import connect
from tests.analyse.cases import computed
from tests.conftest import REAL, full_warehouse
from tests.oracles import korea
from tests.oracles import published as others

PAGE = ROOT / "docs" / "indicators.md"
KOREA = (
    "internal_migration",
    "internal_migration_preference",
    "internal_migration_independence",
    "internal_migration_focus",
)
"""Indicators of internal migration with published figures of Korea."""
Key = tuple[str, ...]
Cell = tuple[Key, float | None, float]


@dataclass
class Comparison:
    """Published cells of one source beside the computed ones."""

    indicator: str
    published: str
    cells: list[Cell]
    equal: Callable[[float, float], bool]
    explained: Callable[[Key, float | None, float], bool] = lambda *_: False
    why: str = ""

    def counts(self) -> tuple[int, int, int, int]:
        """Compared, equal, explained, unexplained."""
        unequal = [c for c in self.cells if c[1] is None or not self.equal(c[1], c[2])]
        explained = [c for c in unequal if self.explained(*c)]
        return len(self.cells), len(self.cells) - len(unequal), len(explained), len(unequal) - len(explained)

    def unexplained(self) -> list[Cell]:
        """The cells nothing accounts for."""
        return [c for c in self.cells if (c[1] is None or not self.equal(c[1], c[2])) and not self.explained(*c)]


def digits(number: int) -> Callable[[float, float], bool]:
    """Equal when rounded to as many decimals as are published."""
    return lambda value, said: round(value, number) == round(said, number)


def exact(value: float, said: float) -> bool:
    """Equal but for the last digits of a computer's arithmetic."""
    return math.isclose(value, said, rel_tol=1e-9, abs_tol=1e-9)


def within(distance: float) -> Callable[[float, float], bool]:
    """Equal within the rounding of the published inputs."""
    return lambda value, said: abs(value - said) <= distance


def comparisons(con: duckdb.DuckDBPyConnection, real: Path) -> Iterator[Comparison]:
    """Every published figure that can be computed from the inputs at hand."""
    yield from _refugees(con, real)
    yield from _remittances(con, real)
    yield from _stocks(con, real)
    yield from _population(con, real)
    yield from _policies(real)
    yield from _deaths(real)
    yield from _trafficking(real)
    yield from _internal_migration(real)
    yield survival()
    yield from _others(con, real)


def _cells(con: duckdb.DuckDBPyConnection, published: str, where: str) -> list[Cell]:
    """Published cells (a SELECT of ref_area, time_period, said) with the computed values of the same place."""
    found = con.execute(
        f"""SELECT p.ref_area, p.time_period, o.obs_value, p.said FROM ({published}) p
            LEFT JOIN (SELECT * FROM indicators.observations WHERE {where}) o USING (ref_area, time_period)
            WHERE p.said IS NOT NULL ORDER BY ALL"""
    ).fetchall()
    return [((area, period), value, said) for area, period, value, said in found]


def _oracle(file: str, column: str, area: str = "") -> str:
    ref_area = f"'{area}'" if area else "ref_area"
    return (
        f"SELECT {ref_area} AS ref_area, time_period, TRY_CAST({column} AS DOUBLE) AS said "
        f"FROM read_csv('{ROOT / 'tests' / 'oracles' / file}', all_varchar = true)"
    )


def _unsd(real: Path, series: str) -> str:
    return (
        f"SELECT a.code AS ref_area, p.year AS time_period, CAST(p.{series} AS DOUBLE) AS said "
        f"FROM read_csv('{real}/unsd_sdg_2020/ddf--datapoints--{series}--*.csv', all_varchar = true) p "
        "JOIN reference.areas a ON ltrim(a.m49, '0') = p.geo_area AND a.kind = 'country'"
    )


def _refugees(con: duckdb.DuckDBPyConnection, real: Path) -> Iterator[Comparison]:
    where = "indicator = '10.7.4'"
    yield Comparison(
        "10.7.4",
        "NSC Kyrgyzstan, SM_POP_REFG_OR, 2025",
        _cells(con, _oracle("sdg_10_7_4_kgz.csv", "published", "KGZ"), where),
        digits(5),
    )
    earlier = _population_of_2019(con)
    origins = con.execute(
        """SELECT counterpart_area, time_period, sum(obs_value) FROM core.refugees
           WHERE series = 'REFUGEES' AND ref_area IN (SELECT code FROM reference.areas WHERE kind = 'country')
           GROUP BY ALL"""
    ).fetchall()
    refugees = {(area, period): persons for area, period, persons in origins}

    def by_population(key: Key, _: float | None, said: float) -> bool:
        persons = refugees[key]
        with_earlier = 100_000 * persons / (earlier(key[0], int(key[1]) + 1) + persons)
        return abs(with_earlier - said) <= 0.5 + 0.015 * said

    cells = [c for c in _cells(con, _unsd(real, "sm_pop_refg_or"), where) if c[0] in refugees and c[1] is not None]
    yield Comparison(
        "10.7.4", "UNSD, SM_POP_REFG_OR, October 2020", cells, digits(0), by_population,
        "vintage of the population: with that of World Prospects 2019, interpolated between the years UN DESA gives "
        "with its stocks of 2019, the published figure is met within 1.5 % and its rounding",
    )  # fmt: skip


def _population_of_2019(con: duckdb.DuckDBPyConnection) -> Callable[[str, float], float]:
    """Population at a moment by World Prospects 2019, growing evenly between the mid-years that are published."""
    rows = con.execute(
        "SELECT ref_area, CAST(time_period AS INTEGER), obs_value * 10 ** unit_mult FROM core.migrant_stock "
        "WHERE series = 'POPULATION_MIDYEAR' AND sex = '_T' AND obs_value IS NOT NULL ORDER BY ALL"
    ).fetchall()
    known: dict[str, list[tuple[float, float]]] = {}
    for area, year, persons in rows:
        known.setdefault(area, []).append((year + 0.5, persons))

    def at(area: str, moment: float) -> float:
        spans = list(pairwise(known[area]))
        (start, before), (end, after) = next((s for s in spans if moment <= s[1][0]), spans[-1])
        return float(before * (after / before) ** ((moment - start) / (end - start)))

    return at


def _remittances(con: duckdb.DuckDBPyConnection, real: Path) -> Iterator[Comparison]:
    globally = "indicator = '17.3.2' AND concept = 'global'"
    published = f"{_oracle('sdg_17_3_2_kgz.csv', 'published', 'KGZ')} WHERE time_period BETWEEN '2005' AND '2019'"
    revised = (
        "vintage of the remittances: revised by the World Bank between the edition used (data to 2020) and the other"
    )
    yield Comparison(
        "17.3.2", "NSC Kyrgyzstan, BX_TRF_PWKR, 2025", _cells(con, published, globally), digits(3),
        lambda key, *_: key == ("KGZ", "2019"), revised,
    )  # fmt: skip
    cells = [c for c in _cells(con, _unsd(real, "bx_trf_pwkr"), globally) if c[1] is not None]
    yield Comparison(
        "17.3.2", "UNSD, BX_TRF_PWKR, October 2020", cells, within(0.0005),
        lambda key, value, said: key[1] >= "2014" and value is not None and abs(value - said) < 0.8,
        "vintage: remittances and GDP of the last years before a publication are revised afterwards",
    )  # fmt: skip
    nationally = "indicator = '17.3.2' AND concept = 'national_proxy'"
    moldova = _oracle("sdg_17_3_2_mda.csv", "published_nbs", "MDA")
    yield Comparison(
        "17.3.2", "NBS Moldova, national proxy", _cells(con, moldova, nationally),
        digits(1), lambda _, value, said: value is not None and abs(value - said) < 0.3,
        "vintage of the GDP: the office relates to its own, here it is the World Bank's of March 2026",
    )  # fmt: skip


def _stocks(con: duckdb.DuckDBPyConnection, real: Path) -> Iterator[Comparison]:
    territory = {(area, year) for area in ("BES", "SDN", "SRB") for year in ("1990", "1995", "2000", "2005")}
    noted = "territory: stock and population, or both years, cover different ones; no value is given, a note says why"
    withheld = "the share is published although the stock it rests on is not"
    for code, column, where, unmet, why in [
        ("migrant_share", "published_share_pct", "sex = '_T'", territory, noted),
        ("female_share", "published_female_pct", "true", {("SXM", "2005")}, withheld),
        ("migrant_annual_growth", "published_annual_rate_since_prev_pct", "sex = '_T'",
         {(area, "2010") for area in ("BES", "SDN", "SRB")}, noted),
        ("refugee_share", "published_refugee_share_pct", "true", {("SXM", "2005")}, withheld),
    ]:  # fmt: skip
        published = (
            f"SELECT a.code AS ref_area, p.year AS time_period, TRY_CAST(p.{column} AS DOUBLE) AS said "
            f"FROM read_csv('{real}/oracles/un_desa_ims2019_all.csv', all_varchar = true) p "
            "JOIN reference.areas a ON ltrim(a.m49, '0') = p.m49"
        )
        yield Comparison(
            code, "UN DESA, Migrant Stock 2019, tables 3 to 6",
            _cells(con, published, f"indicator = '{code}' AND {where}"), exact,
            lambda key, value, _, unmet=unmet: key in unmet and value is None, why,
        )  # fmt: skip


def _population(con: duckdb.DuckDBPyConnection, real: Path) -> Iterator[Comparison]:
    for code, column, series, equal in [
        ("crude_net_migration_rate", "cnmr", "CNMR", within(0.001)),
        ("population_change", "growthrate_pct", "POPULATION_GROWTH", within(0.001)),
        ("population_change", "cbr", "CRUDE_BIRTH_RATE", within(0.002)),
        ("population_change", "cdr", "CRUDE_DEATH_RATE", within(0.002)),
    ]:
        published = (
            f"SELECT iso3 AS ref_area, CAST(year AS VARCHAR) AS time_period, CAST({column} AS DOUBLE) AS said "
            f"FROM read_csv('{real}/wpp2024/wpp2024_seeeca_components.csv')"
        )
        where = f"indicator = '{code}' AND series = '{series}'"
        yield Comparison(code, f"UN DESA, World Prospects 2024, {column}", _cells(con, published, where), equal)
    published = (
        "SELECT iso3 AS ref_area, CAST(year AS VARCHAR) AS time_period, 1000 * CAST(net_migration AS DOUBLE) AS said "
        f"FROM read_csv('{real}/wpp2024/wpp2024_seeeca_components.csv')"
    )
    cells = _cells(con, published, "indicator = 'net_migration_vital'")
    yield Comparison("net_migration_vital", "UN DESA, World Prospects 2024, net migration", cells, within(20))
    residual = con.execute(
        "SELECT ref_area, time_period, obs_value, 0::DOUBLE FROM indicators.observations "
        "WHERE indicator = 'balancing_residual'"
    ).fetchall()
    cells = [((area, period), value, said) for area, period, value, said in residual]
    yield Comparison("balancing_residual", "zero, within the rounding of World Prospects 2024", cells, within(0.02))


def _indicator(code: str) -> Indicator:
    return next(i for i in load_indicators(Settings().indicators) if i.code == code)


def _policies(real: Path) -> Iterator[Comparison]:
    file = (
        real / "unsd_sdg_2020" / "ddf--datapoints--sg_cpa_migrs--by--geo_area--nature--policy_domains--units--year.csv"
    )
    rows = duckdb.sql(
        f"""SELECT a.code, p.year, upper(p.policy_domains), CAST(p.sg_cpa_migrs AS INTEGER) AS said
            FROM read_csv('{file}', all_varchar = true) p
            JOIN read_csv('{Settings().reference}/areas.csv', all_varchar = true) a ON ltrim(a.m49, '0') = p.geo_area
            WHERE TRY_CAST(p.sg_cpa_migrs AS INTEGER) IS NOT NULL AND p.nature <> 'n' AND p.year = '2019'"""
    ).fetchall()
    lines = ["ref_area,time_period,series,policy_domain,obs_value"]
    lines += [f"{area},{year},SG_CPA_MIGRS,{domain},{value}" for area, year, domain, value in rows]
    found = computed(_indicator("10.7.2_groups"), {"core.sdg_global": "\n".join(lines)})
    world = {
        row["breakdown"]: row["obs_value"]
        for row in found
        if (row["ref_area"], row["series"]) == ("001", "SG_CPA_MIGRP")
    }
    said = dict(
        zip(
            ["_T", *(f"COMPOSITE_BREAKDOWN=PD_{n}" for n in range(1, 7))],
            [54.1, 55.0, 67.6, 79.3, 58.6, 62.2, 77.5],
            strict=True,
        )
    )
    cells: list[Cell] = [((name,), world.get(name), value) for name, value in said.items()]  # type: ignore[misc]
    yield Comparison("10.7.2_groups", "UNSD, SG_CPA_MIGRP, world 2019", cells, digits(1))
    bounds = duckdb.sql(
        f"SELECT name, overall_category_published, overall_pct_min, overall_pct_max "
        f"FROM read_csv('{real}/oracles/sdg_10_7_2_country_categories_2019.csv')"
    ).fetchall()
    cells = [((name,), float(_category(low) <= said <= _category(high)), 1.0) for name, said, low, high in bounds]
    yield Comparison(
        "10.7.2", "UNSD, SG_CPA_MIGRS 2019: the overall category lies where those of the domains put it", cells, exact
    )


def _category(percent: float) -> int:
    return 4 if percent >= 100 - 1e-9 else 3 if percent >= 80 - 1e-9 else 2 if percent >= 40 - 1e-9 else 1


def _deaths(real: Path) -> Iterator[Comparison]:
    """IOM's incidents on the way to Europe, in the countries of South-Eastern Europe."""
    incidents = duckdb.sql(
        f"""SELECT n.code, i."Incident year", sum(CAST(i."No. dead/missing" AS INTEGER))
            FROM read_csv('{real}/missing_migrants/iom_europe.csv', all_varchar = true) i
            JOIN (VALUES ('Bosnia and Herzegovina', 'BIH'), ('Bulgaria', 'BGR'), ('Croatia', 'HRV'), ('Hungary', 'HUN'),
                         ('North Macedonia', 'MKD'), ('Romania', 'ROU'), ('Serbia', 'SRB'), ('Slovenia', 'SVN'))
                 n(name, code) ON n.name = i."Country of Incident"
            WHERE TRY_CAST(i."No. dead/missing" AS INTEGER) IS NOT NULL GROUP BY ALL"""
    ).fetchall()
    lines = ["ref_area,time_period,series,incident,obs_value"]
    lines += [f"{area},{year},DEAD_AND_MISSING,{area}{year},{value}" for area, year, value in incidents]
    found = computed(_indicator("10.7.3"), {"core.missing_migrants": "\n".join(lines)})
    values = {(row["ref_area"], row["time_period"]): row["obs_value"] for row in found}
    areas = Settings().reference / "areas.csv"
    with duckdb.connect() as con:
        con.execute(
            f"CREATE SCHEMA reference; CREATE TABLE reference.areas AS FROM read_csv('{areas}', all_varchar = true)"
        )
        published = con.execute(_unsd(real, "sm_dth_migr")).fetchall()
    cells: list[Cell] = [
        ((area, year), values[area, year], said)
        for area, year, said in sorted(published)
        if (area, year) in values  # type: ignore[misc]
    ]
    yield Comparison(
        "10.7.3", "UNSD, SM_DTH_MIGR, October 2020, South-Eastern Europe", cells, exact,
        lambda _, value, said: value is not None and abs(value - said) <= 5,
        "vintage: IOM revises incidents for years; the file is of 2026 and leaves out cumulative ones",
    )  # fmt: skip


def _trafficking(real: Path) -> Iterator[Comparison]:
    sheet = openpyxl.load_workbook(real / "files" / "kg_excel" / "16.2.2.xlsx", data_only=True).worksheets[0]
    rows = {str(row[2]).strip(): row[3:] for row in sheet.iter_rows(values_only=True)}
    years = [str(year) for year in rows["Items"] if isinstance(year, int)]
    at = range(len(years))
    victims = rows["Number of victims of human trafficking"]
    people = rows["Number of permanent population of the Kyrgyz Republic"]
    rates = rows["The number of victims of human trafficking, total people"]
    use = [i for i in at if all(isinstance(row[i], int | float) for row in (victims, people, rates))]
    counts = ["ref_area,time_period,sex,age,form,obs_value"]
    counts += [f"KGZ,{years[i]},_T,_T,_T,{victims[i]}" for i in use]
    residents = ["ref_area,time_period,series,sex,age,obs_value,unit_mult"]
    residents += [f"KGZ,{years[i]},{day},_T,_T,{people[i]},0" for i in use for day in ("POP_JAN1", "POP_DEC31")]
    found = computed(
        _indicator("16.2.2"), {"core.trafficking": "\n".join(counts), "core.population": "\n".join(residents)}
    )
    values = {str(row["time_period"]): row["obs_value"] for row in found if row["breakdown"] == "MEASURE=RATE"}
    cells: list[Cell] = [(("KGZ", years[i]), values.get(years[i]), float(str(rates[i]))) for i in use]  # type: ignore[misc]
    yield Comparison("16.2.2", "NSC Kyrgyzstan, table of 16.2.2: victims and population to rate", cells, exact)


def _internal_migration(real: Path) -> Iterator[Comparison]:
    workbook = "Number_of_internal_migrants_by_origin_and_destination_for_province_20210719124216.xlsx"
    moves = korea.moves_of_all_years(real / "files" / "nso_excel_migest" / workbook)
    for code in KOREA:
        yield Comparison(code, "R package migest, Korea 2012 to 2020", korea.compared(_indicator(code), moves), exact)


def survival() -> Comparison:
    """Net migration of Bombay 1941 to 1951 by age, three ways, beside the published estimates."""
    with (ROOT / "tests" / "oracles" / "bombay_1951.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    counts, ratios = ["ref_area,time_period,region,series,migratory_status,sex,age,obs_value"], []
    for row in rows:
        age = age_of(row["age_1941"])
        ratios.append(f"IND,1951,Bombay,M,{age},10,{row['survival_ratio']}")
        for year, code in (("1941", age), ("1951", _older(row["age_1941"]))):
            counts.append(f"IND,{year},Bombay,POP_CENSUS,_T,M,{code},{row[f'population_{year}']}")
    found = computed(
        _indicator("net_migration_survival"),
        {
            "core.survival_ratios": "\n".join(["ref_area,time_period,region,sex,age,years,obs_value", *ratios]),
            "core.population_by_age": "\n".join(counts),
        },
    )
    values = {(row["series"], row["age"]): row["obs_value"] for row in found}
    cells: list[Cell] = []
    for way in ("forward", "reverse", "average"):
        for row in rows:
            key = (f"NET_MIGRATION_{way.upper()}", _older(row["age_1941"]))
            cells.append((key, values.get(key), float(row[way])))  # type: ignore[arg-type]
    return Comparison(
        "net_migration_survival", "United Nations, Manual VI, table 24, Bombay 1941 to 1951", cells, digits(0)
    )


def _others(con: duckdb.DuckDBPyConnection, real: Path) -> Iterator[Comparison]:
    growth = others.refugee_growth(con, real)
    yield Comparison("refugee_growth", "UN DESA, Migrant Stock 2019, table 6", growth, exact)
    cells = others.victims(_indicator("16.2.2"), real)
    yield Comparison("16.2.2", "NSC Kyrgyzstan, VC_HTF_DETV, 2025", cells, exact)
    yield Comparison(
        "8.8.1", "UNSD, SL_EMP_FTLINJUR, October 2020: the rate for all lies between those of the groups",
        others.injuries(real), exact, lambda key, *_: key in others.OUTSIDE,
        "published so: Estonia 2011, the Netherlands 2009 and 2010, and Panama 2016, whose groups add up to the total",
    )  # fmt: skip


def _older(age: str) -> str:
    """The code of an age group ten years later."""
    return str(age_of(re.sub(r"\d+", lambda year: str(int(year[0]) + 10), age)))


def text(found: list[Comparison]) -> str:
    """The page."""
    lines = [
        "# Indicators",
        "",
        "Each indicator is one SQL file in `warehouse/indicators/`, whose header says what stands here; each has a",
        "case worked by hand in `tests/analyse/cases/`. Written by `python -m tests.oracles.report`; a test sees to it",
        "that it is up to date.",
        "",
        "## Computed against published",
        "",
        "Equal means at the published precision. A difference counts as explained only where the reason named here can",
        "account for it, within bounds the comparison states (`tests/oracles/report.py`). Unexplained there is none.",
        "",
        "| indicator | published by | cells compared | equal | explained | unexplained | explanation |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    total = [0, 0, 0, 0]
    for one in found:
        counts = one.counts()
        total = [a + b for a, b in zip(total, counts, strict=True)]
        numbers = " | ".join(f"{count:,}" for count in counts)
        lines.append(f"| {one.indicator} | {one.published} | {numbers} | {one.why if counts[2] else ''} |")
    lines.append(f"| **together** | | {' | '.join(f'**{count:,}**' for count in total)} | |")
    lines += ["", "Sources, vintages and licences: [tests/oracles/SOURCES.md](../tests/oracles/SOURCES.md).", ""]
    lines += ["Published too, and beside none of ours:", "", "| indicator | published by | why |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in others.NOT_COMPARED]
    lines += ["", "## The catalogue", ""]
    lines += [
        "| code | series | title | formula | unit | concept | inputs | regions | verification |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for i in load_indicators(Settings().indicators):
        cells = [
            i.code,
            i.series,
            i.title,
            f"`{i.formula}`",
            i.unit_measure,
            i.concept,
            ", ".join(i.inputs),
            i.groups,
            i.verification,
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([*lines, "", *_lineage()]) + "\n"


def _lineage() -> list[str]:
    schema = table_columns(Settings())
    drawing = drawn([lineage(i, schema) for i in load_indicators(Settings().indicators)])
    words = "From the columns of the inputs to the values, by parsing the SQL; `migstat lineage CODE` says more."
    return ["## Lineage", "", words, "", "```mermaid", drawing.rstrip(), "```"]


def main() -> None:
    """Load the full files, compute, compare, write the page."""
    with TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        full_warehouse(settings, REAL)
        with connect(settings) as con:
            found = list(comparisons(con, REAL))
    for one in found:
        for key, value, said in one.unexplained():
            print(f"{one.indicator} ({one.published}) {' '.join(key)}: {value}, published {said}", file=sys.stderr)
    PAGE.write_text(text(found), encoding="utf-8")


if __name__ == "__main__":
    main()
