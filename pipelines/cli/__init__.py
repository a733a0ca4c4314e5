"""`migstat`: the pipeline's functions from the command line, without Airflow.

Exit codes: 0 accepted or done, 1 rejected or failed, 2 wrong usage. Heavy modules are imported where
they are used, so that `--help` answers at once. A family of commands is a module.
"""

import logging
from typing import Annotated

import typer

from pipelines.cli import analysis, answers, deliveries, draft, index, quarantine, warehouse

app = typer.Typer(
    help="From a delivered file to a number the country can stand behind.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for family in (deliveries, draft, quarantine, answers, warehouse, analysis, index):
    app.add_typer(family.app)


@app.callback()
def main(verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what is being done.")] = False) -> None:
    """Set up logging."""
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(message)s")
    logging.getLogger("great_expectations").setLevel(logging.ERROR)
