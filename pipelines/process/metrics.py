"""Great Expectations' metrics as DuckDB computes them best: in one scan with the others, and once per distinct text.

Imported for its effect: each class takes the place of the library's own for databases.
"""

import logging
from typing import Any

import sqlalchemy as sa
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.metrics.column_aggregate_metric_provider import (
    ColumnAggregateMetricProvider,
    column_aggregate_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_condition_partial import (
    column_condition_partial,
)
from great_expectations.expectations.metrics.map_metric_provider.column_map_metric_provider import (
    ColumnMapMetricProvider,
)

logging.getLogger("great_expectations.expectations.registry").setLevel(logging.ERROR)  # it warns of each replacement


class Median(ColumnAggregateMetricProvider):
    """The library sorts the column in a query of its own."""

    metric_name = "column.median"

    @column_aggregate_partial(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(cls, column: Any, **_: Any) -> Any:
        return sa.func.median(column)


class StandardDeviation(ColumnAggregateMetricProvider):
    """The library waits for the mean first, which only SQLite needs."""

    metric_name = "column.standard_deviation"

    @column_aggregate_partial(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(cls, column: Any, **_: Any) -> Any:
        return sa.func.stddev_samp(column)


class InSet(ColumnMapMetricProvider):
    """DuckDB compares each row with each member of an IN list, but asks a function once per distinct stored text."""

    condition_metric_name = "column_values.in_set"
    condition_value_keys = ("value_set",)

    @column_condition_partial(engine=SqlAlchemyExecutionEngine)
    def _sqlalchemy(cls, column: Any, value_set: Any, **_: Any) -> Any:
        if value_set is None:
            return sa.true()
        if value_set and all(isinstance(value, str) for value in value_set):
            return sa.func.list_contains(sa.func.list_value(*value_set), sa.cast(column, sa.String))
        return column.in_(value_set)
