"""What an office has and lacks for each of its prioritised indicators: which dataset to ask for next."""

import datetime as dt
from dataclasses import dataclass, field

import duckdb

from pipelines.analyse.definition import Indicator, load_indicators
from pipelines.contract import Contract, load_contracts
from pipelines.settings import Settings
from pipelines.store.lake import connect, exists

BREAKDOWNS = {"sex": "sex", "age": "age", "counterpart_area": "origin"}


@dataclass(frozen=True)
class Holding:
    """What is there of a dataset for one country."""

    dataset: str
    title: str
    provider: str
    observations: int = 0
    first: str = ""
    last: str = ""
    age_years: int | None = None
    by: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Readiness:
    """One prioritised indicator of a country: what it needs, and what came of it."""

    ref_area: str
    indicator: str
    priority: int | None
    title: str
    holdings: list[Holding]
    values: int
    latest: str
    asked_by: list[str]
    """Disaggregations the metadata ask for."""

    @property
    def missing(self) -> list[str]:
        """Datasets with nothing for the country."""
        return [h.dataset for h in self.holdings if not h.observations]


def readiness(settings: Settings, area: str = "") -> list[Readiness]:
    """The gap report of the prioritised indicators in `core.targets`, by country and priority.

    Args:
        area: only this country.

    Raises:
        LookupError: no prioritised set has been delivered.
    """
    indicators = {i.code: i for i in load_indicators(settings.indicators)}
    contracts = load_contracts(settings.contracts)
    with connect(settings) as con:
        if not exists(con, "core", "targets"):
            raise LookupError("there is no prioritised set yet: deliver the dataset `targets`")
        chosen = con.execute(
            "SELECT ref_area, indicator, min(TRY_CAST(priority AS INTEGER)) FROM core.targets "
            "WHERE ref_area = $area OR $area = '' GROUP BY ref_area, indicator ORDER BY 1, 3 NULLS LAST, 2",
            {"area": area},
        ).fetchall()
        return [
            _readiness(con, area, indicators[code], priority, contracts)
            if code in indicators
            else Readiness(area, code, priority, "no indicator of this code is defined", [], 0, "", [])
            for area, code, priority in chosen
        ]


def _readiness(
    con: duckdb.DuckDBPyConnection,
    area: str,
    indicator: Indicator,
    priority: int | None,
    contracts: dict[str, Contract],
) -> Readiness:
    holdings = [
        holding(con, contracts[dataset], area, (indicator.area_columns or {}).get(f"core.{dataset}", "ref_area"))
        for dataset in indicator.datasets
    ]
    values, latest = 0, ""
    if exists(con, "indicators", "observations"):
        ((values, latest),) = con.execute(
            "SELECT count(obs_value), coalesce(max(time_period) FILTER (obs_value IS NOT NULL), '') "
            "FROM indicators.observations WHERE indicator = ? AND ref_area = ?",
            [indicator.code, area],
        ).fetchall()
    return Readiness(
        area, indicator.code, priority, indicator.title, holdings, values, latest, indicator.disaggregation
    )


def holding(con: duckdb.DuckDBPyConnection, contract: Contract, area: str, column: str = "ref_area") -> Holding:
    """What the warehouse holds of a dataset for one area, its latest period, its age and its breakdowns."""
    told = Holding(contract.dataset, contract.title, contract.provider)
    if not exists(con, "core", contract.dataset):
        return told
    broken = {name: word for name, word in BREAKDOWNS.items() if name in contract.columns and name != column}
    counts = "".join(f", count(DISTINCT {name}) FILTER ({name} <> '_T')" for name in broken)
    ((count, first, last, *parts),) = con.execute(
        f"SELECT count(obs_value), min(time_period) FILTER (obs_value IS NOT NULL), "
        f"max(time_period) FILTER (obs_value IS NOT NULL){counts} FROM core.{contract.dataset} WHERE {column} = ?",
        [area],
    ).fetchall()
    if not count:
        return told
    by = [word for word, number in zip(broken.values(), parts, strict=True) if number > 1]
    age = dt.date.today().year - int(last[:4])
    return Holding(contract.dataset, contract.title, contract.provider, count, first, last, age, by)
