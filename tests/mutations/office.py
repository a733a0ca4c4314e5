"""The datasets that are damaged, and what their contracts make of it."""

import csv
import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.collect.land import land
from pipelines.contract import Contract, load_contract
from pipelines.delivery import Check, Outcome
from pipelines.process.run import Stored, examine
from pipelines.settings import Settings
from pipelines.store.history import stored
from tests.conftest import SAMPLES, ingest
from tests.mutations.damages import DAMAGES, Grid

Verdict = Literal["critical", "warning", "missed", "does not apply"]
SEED = 20_261_124


@dataclass(frozen=True)
class Layout:
    """Where what stands in a dataset's sample."""

    file: str
    area: str
    period: str
    values: tuple[str, ...]
    header: int = 0
    other: str = ""
    encoding: str = "utf-8"
    delimiter: str = ","
    decimal: str = "."


LAYOUTS = {
    "population": Layout(
        "wpp2024_components_sample.csv", "iso3", "year", ("pop_jan1", "pop_dec31", "births", "deaths", "net_migration")
    ),
    "refugees": Layout(
        "unhcr_population_sample.csv", "coa_iso", "year", ("refugees", "asylum_seekers"), other="coo_iso"
    ),
    "gdp": Layout("API_NY.GDP.MKTP.CD_DS2_en_csv_v2_sample.csv", "Country Code", "", (), header=4),
    "remittances": Layout(
        "bop_remittances_worldbank_sample.csv", "Код страны", "Год", ("Сумма, млн долларов США",), header=3,
        encoding="windows-1251", delimiter=";", decimal=",",
    ),
}  # fmt: skip


@dataclass
class Bench:
    """One dataset with its sample loaded, ready to be given damaged deliveries."""

    dataset: str
    layout: Layout
    contract: Contract
    settings: Settings
    tables: Stored
    grid: Grid

    def judge(self, name: str) -> Verdict:
        """What becomes of the sample damaged in one way; a check that fails without damage does not count."""
        chance = random.Random(f"{SEED} {self.dataset} {name}")
        grid = deepcopy(self.grid)
        if not DAMAGES[name](grid, chance):
            return "does not apply"
        return self.verdict(self.examine(grid))

    def verdict(self, outcome: Outcome) -> Verdict:
        """The worst severity of what fails now and did not before, or fails in more places."""
        known = {c.check_id: c.unexpected_count or 0 for c in self.before.failed}
        new = [c for c in outcome.failed if c.check_id not in known or (c.unexpected_count or 0) > known[c.check_id]]
        return next((s for s in ("critical", "warning") if any(c.severity == s for c in new)), "missed")

    def examine(self, grid: Grid) -> Outcome:
        """Process a delivery of these rows against what is loaded."""
        folder = self.settings.home / "damaged"
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / self.layout.file
        file.write_bytes(grid.raw if grid.raw is not None else written(grid, self.layout))
        receipt = land(file, self.contract, self.settings, Path(file.name))
        return examine(receipt, self.contract, self.settings, folder / "staged", self.tables)

    def __post_init__(self) -> None:
        self.before = self.examine(self.grid)


@contextmanager
def bench(dataset: str, home: Path) -> Iterator[Bench]:
    """A dataset whose sample is loaded, and of no other dataset anything."""
    settings, layout = Settings(home=home / dataset), LAYOUTS[dataset]
    file = SAMPLES / dataset / layout.file
    ingest(file, dataset, settings)
    contract = load_contract(settings.contracts / f"{dataset}.yaml")
    with stored(contract, settings) as tables:
        yield Bench(dataset, layout, contract, settings, tables, read(file, layout))


def read(file: Path, layout: Layout) -> Grid:
    """A sample as a grid."""
    text = file.read_text(encoding="utf-8-sig" if layout.encoding == "utf-8" else layout.encoding)
    rows = list(csv.reader(io.StringIO(text), delimiter=layout.delimiter))
    values = layout.values or tuple(name for name in rows[layout.header] if name.isdigit())
    rows = [row for i, row in enumerate(rows) if i <= layout.header or any(row)]
    return Grid(rows, layout.header, layout.area, layout.period, list(values), layout.other, layout.decimal)


def written(grid: Grid, layout: Layout) -> bytes:
    """A grid as the file an office would send."""
    out = io.StringIO()
    csv.writer(out, delimiter=layout.delimiter, lineterminator="\n").writerows(grid.rows)
    return out.getvalue().encode(layout.encoding)


def failing(outcome: Outcome) -> list[Check]:
    """Checks that would trouble a person."""
    return [c for c in outcome.failed if c.severity != "info"]
