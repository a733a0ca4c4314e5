"""The checks every delivery undergoes, whatever its contract: they look at what harmonising met."""

from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metadata_types import FailureSeverity

from pipelines.delivery import Severity
from pipelines.language import msgid, say
from pipelines.process.harmonised import Harmonised
from pipelines.process.quarantine import ROW_CHECKS

LAYOUT: list[tuple[str, set[str], Severity, str]] = [
    (
        "layout",
        {"format", "structure", "shape"},
        "critical",
        msgid("The file has the format and the structure the contract says."),
    ),
    (
        "columns",
        {"header", "retyped"},
        "critical",
        msgid("The columns are those the contract names and hold what it says; if not, the layout has changed."),
    ),
    ("cells", {"cell"}, "critical", msgid("Every cell can be read as what its column holds.")),
    ("codes", {"code"}, "critical", msgid("Every code is one of its code list.")),
    ("keys", {"duplicate"}, "critical", msgid("No two rows give different values for the same key.")),
    ("values", {"no data"}, "critical", msgid("The delivery holds at least one value.")),
    (
        "structure_version",
        {"structure version"},
        "warning",
        msgid("The message names the contract's data structure version."),
    ),
    ("surplus", {"surplus"}, "critical", msgid("Nothing stands in a column without a header.")),
    ("future", {"future"}, "warning", msgid("No value is of a year that has not begun, unless it is a forecast.")),
    ("letters", {"lost text"}, "warning", msgid("No letters of names and notes were lost before the file was sent.")),
    (
        "corrections",
        {"correction"},
        "warning",
        msgid("Each correction of the office still meets the cell it was made for."),
    ),
    ("corrected", {"corrected", "discarded"}, "info", msgid("The office had to correct nothing the sender wrote.")),
    ("hidden", {"hidden"}, "info", msgid("Nothing is hidden in a workbook.")),
    ("no_rows", {"no row"}, "info", msgid("Every row of a table is an observation; headings and notes are told.")),
    (
        "further_columns",
        {"further columns"},
        "info",
        msgid("The contract names every column of the file; of others nothing is read, and they stay in the raw file."),
    ),
    ("repetitions", {"repeated"}, "info", msgid("No row is repeated; repetitions with equal values are kept once.")),
]


def built_in(
    harmonised: Harmonised, check_id: str, kinds: set[str], severity: Severity, notes: str
) -> ExpectationConfiguration:
    """A check of what harmonising met, as an expectation, so that the report shows it with the others.

    Where the rows that break it are held back, it is a warning.
    """
    if harmonised.rows_held and check_id in ROW_CHECKS.values():
        severity = "warning"
    listed = ", ".join(f"'{kind}'" for kind in sorted(kinds))
    query = f"SELECT * FROM problems WHERE kind IN ({listed}) /* beside {{batch}} */"
    kwargs = {"unexpected_rows_query": query}
    return ExpectationConfiguration(
        "unexpected_rows_expectation",
        kwargs,
        meta={"check_id": check_id},
        description=say(notes),  # which Data Docs show in place of the query
        severity=FailureSeverity(severity),
    )
