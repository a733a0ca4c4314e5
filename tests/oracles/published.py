"""Published figures that need a look of their own, and those nothing at hand can be compared with."""

from pathlib import Path

import duckdb
import openpyxl

from pipelines.analyse.definition import Indicator
from tests.analyse.cases import computed

Cells = list[tuple[tuple[str, ...], float | None, float]]

NOT_COMPARED = [
    (
        "1.5.1",
        "NSC Kyrgyzstan, Armstat, NBS Moldova",
        "people without a rate, and by Armstat rates of other emergencies without the people",
    ),
    ("3.c.1", "NSC Kyrgyzstan, Armstat, NBS Moldova", "they publish densities without the staff they rest on"),
    ("8.7.1", "Armstat, NBS Moldova", "shares without all the children they rest on"),
    (
        "8.8.1",
        "NSC Kyrgyzstan, NBS Moldova, Armstat",
        "rates without the workers, or cases without them; UNSD's totals are held against their groups above",
    ),
    ("10.7.2", "UNSD, SG_CPA_MIGRS by domain", "no country's answers to the 30 items are published"),
    (
        "10.7.2_groups",
        "UNSD, SG_CPA_MIGRP of regions, and of 2021",
        "the series itself is not at hand but for the world",
    ),
    ("10.7.4", "Armstat", "another concept: refugees hosted, by citizenship"),
    (
        "10.c.1",
        "UNSD, SI_RMT_COST; NBS Moldova, equal to it; Armstat",
        "the prices of services they rest on are not at hand, nor is it confirmed which quarters make a year",
    ),
    (
        "16.2.2",
        "UNSD, VC_HTF_DETV; NBS Moldova; Armstat",
        "UNSD's counts are the input; NBS counts other victims; Armstat's unit and ages contradict its totals",
    ),
    ("16.9.1", "NSC Kyrgyzstan, Armstat, NBS Moldova", "shares without the children they rest on"),
    ("17.3.2", "Armstat", "Armenia's remittances are not at hand"),
    ("17.18, 17.19, 8.8.2, 4.b.1, 17.9.1", "their custodians", "stored as published, never computed"),
]
"""Indicator, who publishes it, and why its figures stand beside none of ours."""

OUTSIDE = {
    ("233", "2011", "male"),
    ("233", "2011", "bothsex"),
    ("528", "2009", "female"),
    ("528", "2010", "female"),
    ("591", "2016", "bothsex"),
}
"""Rates for all outside those of their groups, by UNSD: Estonia, the Netherlands, Panama, whose groups add up to it."""


def refugee_growth(con: duckdb.DuckDBPyConnection, real: Path) -> Cells:
    """The last columns of table 6 of UN DESA's stocks."""
    book = openpyxl.load_workbook(
        real / "un_desa_ims2019" / "UN_MigrantStockTotal_2019.xlsx", data_only=True, read_only=True
    )
    rows = list(book["Table 6"].iter_rows(min_row=16, values_only=True))
    spans = {place: str(text) for place, text in enumerate(rows[0]) if text and "-" in str(text)}
    codes = dict(con.execute("SELECT ltrim(m49, '0'), code FROM reference.areas WHERE m49 <> ''").fetchall())
    values = {
        (area, period): value
        for area, period, value in con.execute(
            "SELECT ref_area, time_period, obs_value FROM indicators.observations WHERE indicator = 'refugee_growth'"
        ).fetchall()
    }
    cells: Cells = []
    for row in rows[1:]:
        area = codes.get(str(row[3]))
        for place, span in spans.items():
            if area and isinstance(row[place], int | float):
                cells.append(((area, span[-4:]), values.get((area, span[-4:])), float(str(row[place]))))
    return cells


def victims(indicator: Indicator, real: Path) -> Cells:
    """Kyrgyzstan's workbook of victims beside its SDMX message, which was published apart from it."""
    sheet = openpyxl.load_workbook(real / "files" / "kg_excel" / "16.2.2.xlsx", data_only=True).worksheets[0]
    rows = {str(row[2]).strip(): row[3:] for row in sheet.iter_rows(values_only=True)}
    lines = ["ref_area,time_period,sex,age,form,obs_value"]
    for year, count in zip(rows["Items"], rows["Number of victims of human trafficking"], strict=True):
        if isinstance(count, int | float):
            lines.append(f"KGZ,{year},_T,_T,_T,{count}")
    found = computed(indicator, {"core.trafficking": "\n".join(lines), "core.population": POPULATION})
    values = {str(row["time_period"]): row["obs_value"] for row in found if row["breakdown"] == "_T"}
    message = (real / "kg_nsc_sdg" / "16.2.2.xml").read_text(encoding="utf-8")
    total = message[message.index("<Series ") : message.index("</Series>")]
    said = {
        part.split('"')[1]: float(part.split('OBS_VALUE="')[1].split('"')[0])
        for part in total.split("TIME_PERIOD=")[1:]
    }
    return [(("KGZ", year), values.get(year), figure) for year, figure in said.items()]  # type: ignore[misc]


POPULATION = "ref_area,time_period,series,sex,age,obs_value,unit_mult\nKGZ,2010,POP_JAN1,_T,_T,5000000,0"


def injuries(real: Path) -> Cells:
    """1 where UNSD's rate of fatal injuries for all lies between those of migrants and of others, within rounding."""
    (file,) = (real / "unsd_sdg_2020").glob("ddf--datapoints--sl_emp_ftlinjur--*.csv")
    found = duckdb.sql(
        f"""WITH wide AS (
                SELECT geo_area, year, sex, any_value(rate) FILTER (m = 't') AS every,
                       any_value(rate) FILTER (m = 'nonmig') AS others,
                       any_value(rate) FILTER (m = 'migper') AS migrants,
                       any_value(rate) FILTER (m = 'eumig') AS eu, any_value(rate) FILTER (m = 'noneumig') AS elsewhere
                FROM (SELECT *, migratory_status AS m, CAST(sl_emp_ftlinjur AS DOUBLE) AS rate
                      FROM read_csv('{file}', all_varchar = true))
                GROUP BY ALL)
            SELECT geo_area, year, sex,
                   every BETWEEN least(others, migrants, eu, elsewhere) - 0.01
                             AND greatest(others, migrants, eu, elsewhere) + 0.01
            FROM wide WHERE every IS NOT NULL AND others IS NOT NULL
                  AND (migrants IS NOT NULL OR eu IS NOT NULL AND elsewhere IS NOT NULL)
            ORDER BY ALL"""
    ).fetchall()
    return [((area, year, sex), float(between), 1.0) for area, year, sex, between in found]
