"""From an indicator's columns back to the columns of its inputs, by parsing its SQL."""

import csv
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from pipelines.analyse.definition import Indicator, IndicatorError
from pipelines.contract import load_contracts
from pipelines.settings import Settings

Columns = dict[str, list[str]]
Schema = dict[str, object]


@dataclass(frozen=True)
class Lineage:
    """What an indicator's columns are made of, and what decides which rows count; columns as schema.table.column."""

    indicator: str
    columns: Columns
    conditions: list[str]


def table_columns(settings: Settings) -> Schema:
    """Schema, table, column and type of everything an indicator can read: by contract, and by head of the CSV."""
    core = {name: contract.sql_types() for name, contract in load_contracts(settings.contracts).items()}
    reference = {}
    for file in settings.reference.glob("*.csv"):
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reference[file.stem] = dict.fromkeys(next(csv.reader(lines)), "VARCHAR")
    return {"core": core, "reference": reference}


def lineage(indicator: Indicator, schema: Schema) -> Lineage:
    """Parse an indicator's SQL and follow each of its columns through subqueries to the tables.

    Raises:
        IndicatorError: the SQL cannot be parsed, or names a column no input has.
    """
    try:
        parsed = sqlglot.parse_one(indicator.sql, dialect="duckdb")
        tree = qualify(parsed, schema=schema, dialect="duckdb", quote_identifiers=False)
    except SqlglotError as error:
        raise IndicatorError(f"{indicator.code}: its SQL cannot be followed to its inputs: {error}") from error
    scopes = traverse_scope(tree)
    outer = scopes[-1]
    columns = {name: sorted(_of_scope(name, outer)) for name in _query(outer).named_selects}
    used = {origin for scope in scopes for column in scope.columns for origin in _origin(column, scope)}
    made_of = {origin for origins in columns.values() for origin in origins}
    return Lineage(indicator.code, columns, sorted(used - made_of))


def drawn(found: list[Lineage]) -> str:
    """A Mermaid flowchart from inputs to indicators, by table."""
    lines = ["flowchart LR"]
    for one in found:
        origins = {o for name, listed in one.columns.items() if name in ("obs_value", "weight") for o in listed}
        for table in sorted({o.rpartition(".")[0] for o in origins}):
            columns = sorted(o.rpartition(".")[2] for o in origins if o.startswith(table + "."))
            lines.append(f'    {table}["{table}"] -- "{", ".join(columns)}" --> {_node(one.indicator)}')
    return "\n".join(lines) + "\n"


def _node(code: str) -> str:
    return f'i_{code.replace(".", "_")}["{code}"]'


def _query(scope: Scope) -> exp.Query:
    assert isinstance(scope.expression, exp.Query)
    return scope.expression


def _origins(projection: exp.Expr, scope: Scope) -> set[str]:
    """Columns of tables a projection is made of; those of a subquery inside it among them."""
    found = {origin for column in projection.find_all(exp.Column) for origin in _origin(column, scope)}
    for inner in scope.subquery_scopes:
        if inner.expression.find_ancestor(type(projection)) is projection:
            found |= {o for column in inner.columns for o in _origin(column, inner)}
    return found


def _origin(column: exp.Column, scope: Scope) -> set[str]:
    source = scope.sources.get(column.table)
    if isinstance(source, exp.Table):
        return {f"{source.db}.{source.name}.{column.name}"}
    if isinstance(source, Scope):
        return _of_scope(column.name, source)
    return set()


def _of_scope(name: str, scope: Scope) -> set[str]:
    """A UNION gives its columns by place, under the names of its first part."""
    if not isinstance(scope.expression, exp.Query):  # VALUES: made of nothing
        return set()
    names = scope.expression.named_selects
    if scope.set_operation_scopes:
        place = names.index(name)
        parts = [(_query(part).named_selects[place], part) for part in scope.set_operation_scopes]
        return {origin for column, part in parts for origin in _of_scope(column, part)}
    return _origins(scope.expression.selects[names.index(name)], scope) if name in names else set()
