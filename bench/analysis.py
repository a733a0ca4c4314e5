"""Indicators and indices: how long all take, how long what changed takes, against what."""

import datetime as dt
import logging
import time
from typing import cast

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

from pipelines.analyse.definition import load_indicators
from pipelines.analyse.index.definition import Index
from pipelines.analyse.index.panel import Panel
from pipelines.analyse.index.uncertainty import uncertainty
from pipelines.analyse.indicators import compute
from pipelines.contract import load_contract, load_contracts
from pipelines.settings import Settings
from pipelines.store.lake import ensure_table, transaction
from pipelines.store.ops import ensure_ops, insert
from pipelines.store.reference import ensure_reference
from tests.analyse import cases

ROUNDS = 2
"""Of the inquiry among governments: it is not made every year."""


def fill(settings: Settings, areas: int, years: int) -> list[str]:
    """Every dataset an indicator reads, for so many countries and years; gives their names.

    The rows are those of the hand-worked cases, with each country and year in the place of theirs, and the next country
    in the place of their counterpart; a figure moves by up to a tenth from year to year.
    """
    ensure_reference(settings)
    contracts = load_contracts(settings.contracts)
    found = patterns(settings)
    with transaction(settings, "bench", {}) as con:
        ensure_ops(con)
        con.execute(
            f"""CREATE TEMP TABLE places AS
                SELECT code AS area, lead(code, 1, 'SYR') OVER (ORDER BY code) AS beside
                FROM reference.areas WHERE kind = 'country' ORDER BY code LIMIT {areas}"""
        )
        for name, rows in found.items():
            kinds = contracts[name].sql_types()
            ensure_table(con, "core", name, kinds, {})
            con.register("pattern", pa.Table.from_pylist([{c: row.get(c) for c in kinds} for row in rows]))
            moved = {
                "ref_area": "area",
                "counterpart_area": "if(starts_with(counterpart_area, '_'), counterpart_area, beside)",
                "time_period": "(1964 + year) || substr(time_period, 5)",
                "obs_value": "obs_value::DOUBLE * (1 + hash(area, year) % 100 / 1000)",
                "delivery_id": f"'{name}-bench'",
                "source_row": "1",
            }
            chosen = ", ".join(f"CAST({moved.get(c, c)} AS {kind}) AS {c}" for c, kind in kinds.items())
            times = ROUNDS if name == "policy_answers" else years
            con.execute(f"INSERT INTO core.{name} SELECT {chosen} FROM pattern, places, range({times}) AS y(year)")
            con.unregister("pattern")
        _delivered(con, list(found))
    return list(found)


def patterns(settings: Settings) -> dict[str, list[dict[str, str | None]]]:
    """By dataset: the rows of all cases, one for each series and breakdown."""
    found: dict[str, dict[tuple[str | None, ...], dict[str, str | None]]] = {}
    for indicator in load_indicators(settings.indicators):
        for table, text in cast(dict[str, str], cases.load(indicator.code)["inputs"]).items():
            name = table.removeprefix("core.")
            contract = load_contract(settings.contracts / f"{name}.yaml")
            apart = [c for c in contract.keys if c not in ("ref_area", "counterpart_area", "time_period")]
            usual = {"obs_status": "A", "unit_mult": "0", "vintage": "case", "concept": "global", **contract.set}
            for row in cases.rows(text):
                found.setdefault(name, {}).setdefault(tuple(row.get(c) for c in apart), usual | row)
    return {name: list(rows.values()) for name, rows in found.items()}


def revise(settings: Settings) -> None:
    """One figure of one country and year is another."""
    with transaction(settings, "bench", {}) as con:
        con.execute(
            "UPDATE core.population SET obs_value = obs_value + 1 "
            "WHERE ref_area = 'KGZ' AND time_period = '2000' AND series = 'POP_DEC31'"
        )
        _delivered(con, ["population"])


def _delivered(con: duckdb.DuckDBPyConnection, datasets: list[str]) -> None:
    now = dt.datetime.now(dt.UTC)
    insert(
        con,
        "deliveries",
        [{"delivery_id": f"{d}-{now}", "dataset": d, "state": "loaded", "recorded_at": now} for d in datasets],
    )


def full_and_changed(settings: Settings, areas: int, years: int) -> dict[str, float]:
    """Seconds of all indicators, of nothing, and of what one country's one year moves."""
    logging.disable(logging.WARNING)  # what the checks find in made-up figures
    fill(settings, areas, years)
    codes = [i.code for i in load_indicators(settings.indicators)]
    took = {}
    for name, asked in (("first", None), ("full", codes), ("nothing", None)):
        started = time.perf_counter()
        compute(settings, asked)
        took[name] = time.perf_counter() - started
    revise(settings)
    started = time.perf_counter()
    compute(settings)
    took["changed"] = time.perf_counter() - started
    return took


def made_up_index(items: int, dimensions: int) -> Index:
    """An index of so many items with two ways to normalise and two to aggregate."""
    per = items // dimensions
    children = [
        {"code": f"D{d}", "title": f"D{d}", "children": [
            {"code": f"D{d}_{n}", "title": "x", "goalposts": [0, 10]} for n in range(per)]}
        for d in range(dimensions)
    ]  # fmt: skip
    return Index.model_validate(
        {"index": "bench", "title": "x", "description": "x", "version": "1", "valid_from": "2024", "source": "bench",
         "status": "product-defined", "inputs": [], "data": "",
         "tree": {"code": "X", "title": "X", "children": children},
         "steps": {"normalise": {"method": "goalposts", "to": [1, 100]}},
         "uncertainty": {"normalise": ["minmax"], "aggregate": ["geometric"]}}
    )  # fmt: skip


def made_up_panel(index: Index, units: int) -> Panel:
    """Random figures."""
    values = np.random.default_rng(1).uniform(0.1, 10, (units, len(index.leaves)))
    return Panel([(f"A{n}", "2024") for n in range(units)], [leaf.code for leaf in index.leaves], values, {}, {})


def vectorised(runs: int, items: int, units: int) -> None:
    """Monte Carlo as the product does it."""
    index = made_up_index(items, 6)
    uncertainty(index, made_up_panel(index, units), runs)


def loop_in_pandas(runs: int, items: int, units: int) -> None:
    """The same, written down straightforwardly: one run after the other over a data frame."""
    index = made_up_index(items, 6)
    panel = made_up_panel(index, units)
    frame = pd.DataFrame(panel.values, columns=panel.codes)
    draws = np.random.default_rng(1)
    ranks = []
    for _ in range(runs):
        low, high = (frame.min(), frame.max()) if draws.integers(2) else (0.0, 10.0)
        scaled = 1 + 99 * (frame - low) / (high - low)
        geometric = bool(draws.integers(2))
        dimensions = pd.DataFrame(index=frame.index)
        for node in index.tree.children:
            dimensions[node.code] = _mean(scaled[[leaf.code for leaf in node.leaves()]], draws, geometric)
        ranks.append(_mean(dimensions, draws, geometric).rank(ascending=False, method="min"))
    pd.concat(ranks, axis=1).quantile([0.05, 0.5, 0.95], axis=1)


def _mean(parts: pd.DataFrame, draws: np.random.Generator, geometric: bool) -> "pd.Series[float]":
    weights = pd.Series(1 + 0.25 * draws.uniform(-1, 1, parts.shape[1]), index=parts.columns)
    weights /= weights.sum()
    return np.exp((np.log(parts) * weights).sum(axis=1)) if geometric else (parts * weights).sum(axis=1)
