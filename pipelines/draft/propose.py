"""Draft a contract and try it: what `migstat new` does."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from pipelines.collect.land import land
from pipelines.collect.table import Unreadable
from pipelines.contract import load_contract
from pipelines.delivery import Outcome, Problem, Receipt, explain
from pipelines.draft.compose import OPEN, Draft, compose
from pipelines.draft.shape import shape_of, slug_of
from pipelines.draft.sight import see
from pipelines.language import say
from pipelines.process.run import examine
from pipelines.settings import Settings

SHOWN_ROWS = 8
STAND_INS = {"ref_area": "UNK", "time_period": "'2000'"}


@dataclass(frozen=True)
class Tried:
    """A draft, what checking the file by it found, and its first tidy rows: names of columns, then rows."""

    draft: Draft
    receipt: Receipt
    outcome: Outcome
    columns: list[str]
    rows: list[tuple[object, ...]]

    def findings(self) -> str:
        """What `migstat check` says of the file under this draft."""
        return explain(self.receipt, self.outcome)


def draft(path: Path, dataset: str, settings: Settings) -> Draft:
    """Look at a file and draft a contract for it.

    Args:
        dataset: name of the dataset; made of the file's name if empty.

    Raises:
        Unreadable: the file is no table that can be read, or holds no figures.
    """
    sight = see(path, settings.reference)
    shape = shape_of(sight, settings.reference)
    if not shape.values and not shape.families:
        raise Unreadable(
            Problem(
                kind="structure",
                value="; ".join(filter(None, sight.header))[:160],
                expected=say("a column of figures below one of these headers"),
                remedy=say("If this file describes others, such as a code list, ask for the data themselves."),
            )
        )
    return compose(sight, shape, dataset or slug_of(path.stem), path.name, settings.reference)


def propose(path: Path, dataset: str, settings: Settings) -> Tried:
    """Draft a contract for a file and check the file by the draft; nothing is kept.

    Raises:
        Unreadable: the file is no table that can be read, or holds no figures.
    """
    proposal = draft(path, dataset, settings)
    with TemporaryDirectory(prefix="migstat-new-") as name:
        folder = Path(name)
        (folder / "contracts").mkdir()
        file = folder / "contracts" / f"{proposal.dataset}.yaml"
        file.write_text(_tried(proposal.text), encoding="utf-8")
        contract = load_contract(file)
        aside = settings.model_copy(update={"home": folder / "home", "contracts": file.parent, "reports_in": folder})
        receipt = land(path, contract, aside, Path(path.name))
        outcome = examine(receipt, contract, aside, folder / "staged")
        outcome.report = ""
        staged = sorted((folder / "staged").glob(f"{receipt.delivery_id}-*.parquet"))
        columns, rows = _first(staged, [*contract.columns, "obs_value", "obs_status"])
    return Tried(proposal, receipt, outcome, columns, rows)


def _tried(text: str) -> str:
    """The draft with something in the place of what is open, so that the rest of it can be tried."""
    for name, stand_in in STAND_INS.items():
        text = text.replace(f"{name}: {OPEN}", f"{name}: {stand_in}")
    return text


def _first(staged: list[Path], columns: list[str]) -> tuple[list[str], list[tuple[object, ...]]]:
    if not staged:
        return columns, []
    listed = ", ".join(f"'{file}'" for file in staged)
    with duckdb.connect() as con:
        query = f"SELECT {', '.join(columns)} FROM read_parquet([{listed}]) LIMIT {SHOWN_ROWS}"
        return columns, con.execute(query).fetchall()
