"""Checks over several rows, one SQL file each in `warehouse/checks/`, called by name in a contract's query.

They see the delivery as `delivery`, the rows the warehouse held of its dataset before as `stored`, and those of another
dataset as `stored_<dataset>`. In a file, `{keys}` is the contract's grain, `{series}` the grain without the period,
`{others}` the grain without sex, `{but_age}` and `{but_origin}` that without age or counterpart area, and `{replaces}`
the columns on which a delivery takes the place of stored rows.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
from ruamel.yaml import YAML

from pipelines.contract import Contract, Expectation

HEADER = re.compile(r"\A\s*/\*(.*?)\*/(.*)\Z", re.DOTALL)
STORED = re.compile(r"\bstored(?:_(\w+))?\b")


@dataclass(frozen=True)
class SqlCheck:
    """One file: its name, its arguments and its SELECT."""

    name: str
    arguments: list[str]
    sql: str


def load_checks(folder: Path) -> list[SqlCheck]:
    """The files of `warehouse/checks/`.

    Raises:
        ValueError: a file does not begin with its header comment.
    """
    return [_check(path, path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.sql"))]


@cache
def _check(path: Path, text: str) -> SqlCheck:
    match = HEADER.match(text)
    if match is None:
        raise ValueError(f"{path}:1: expected a header comment /* title: ... arguments: [...] */ before the SELECT")
    header = YAML(typ="safe").load(match[1])
    return SqlCheck(path.stem, list(header["arguments"]), match[2].strip())


def define(
    con: duckdb.DuckDBPyConnection, checks: list[SqlCheck], contract: Contract, expectations: Iterable[Expectation]
) -> None:
    """Make the checks that some expectations of a contract name callable."""
    queries = [_query(expectation) for expectation in expectations]
    lists = {
        "{keys}": contract.keys,
        "{series}": [key for key in contract.keys if key != "time_period"],
        "{replaces}": contract.replaces,
        "{others}": [key for key in contract.keys if key != "sex"],
        "{but_age}": [key for key in contract.keys if key != "age"],
        "{but_origin}": [key for key in contract.keys if key != "counterpart_area"],
    }
    for check in checks:
        if any(_calls(query, check) for query in queries):
            sql = check.sql
            for hole, columns in lists.items():
                sql = sql.replace(hole, ", ".join(columns))
            con.execute(f"CREATE MACRO {check.name}({', '.join(check.arguments)}) AS TABLE {sql}")


def named(contract: Contract, checks: list[SqlCheck]) -> dict[str, Expectation]:
    """The expectations of a contract by a name that stays when others are added before it.

    It says what is checked: a check in SQL by its own name, another by its column and expectation; where one comes
    again, its number follows.
    """
    found: dict[str, Expectation] = {}
    for expectation in contract.expectations:
        called = [check.name for check in checks if _calls(_query(expectation), check)]
        column = str(expectation.kwargs.get("column", ""))
        said = (
            expectation.type.removeprefix("expect_column_values_to_")
            .removeprefix("expect_")
            .removesuffix("_expectation")
        )
        name = f"{contract.dataset}.{'_'.join(called) or '_'.join(filter(None, [column, said]))}"
        again = sum(other == name or other.startswith(f"{name}:") for other in found)
        found[f"{name}:{again + 1}" if again else name] = expectation
    return found


def compared(expectation: Expectation, checks: list[SqlCheck], dataset: str) -> set[str]:
    """The datasets whose stored rows an expectation is about."""
    query = _query(expectation)
    texts = [query, *(check.sql for check in checks if _calls(query, check))]
    return {found or dataset for text in texts for found in STORED.findall(text)}


def _query(expectation: Expectation) -> str:
    return str(expectation.kwargs.get("unexpected_rows_query", ""))


def _calls(query: str, check: SqlCheck) -> bool:
    return re.search(rf"\b{check.name}\s*\(", query) is not None
