"""What harmonising gives: the staged Parquet of a delivery, and what was found on the way."""

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.contract import ATTRIBUTES
from pipelines.delivery import Problem
from pipelines.language import msgid, say

PROBLEMS_KEPT = 1000
UNQUOTED = msgid("What stands there is not quoted, because the contract declares persons.")
READABLE = """(problems IS NULL OR NOT regexp_matches(problems, '"kind":"(cell|code|shape)"'))"""
STATED = [a for a in ATTRIBUTES if a not in ("note", "source", "vintage")]


@dataclass
class Harmonised:
    """Staged Parquet of a delivery, with what was found on the way; `headers` says what the sender calls a column.

    Of a delivery about persons (`discreet`) no problem quotes what stands in the file.
    """

    discreet: bool = False
    files: list[Path] = field(default_factory=list)
    rows_read: int = 0
    rows_left_out: int = 0
    rows_discarded: int = 0
    rows_held: int = 0
    problems: list[Problem] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def add(self, problems: list[Problem]) -> None:
        """Keep the first places of each kind and count them all."""
        for problem in problems:
            self.counts[problem.kind] = self.counts.get(problem.kind, 0) + 1
            if self.counts[problem.kind] <= PROBLEMS_KEPT:
                self.problems.append(_unquoted(problem) if self.discreet else problem)

    @property
    def laid_out(self) -> bool:
        """Whether the file had the layout the contract says, so that its content can be judged."""
        return not {"format", "header", "structure"} & self.counts.keys()


def _unquoted(problem: Problem) -> Problem:
    """A problem without what was found; a header that is not where it should be may be somebody's name."""
    hidden: dict[str, object] = {"value": None}
    if problem.kind == "header":
        hidden |= {"expected": say("a column of this name" if problem.column else "a header"), "remedy": say(UNQUOTED)}
    return problem.model_copy(update=hidden)


def staged(files: list[Path]) -> str:
    """The staged files as one DuckDB table function."""
    return f"read_parquet([{', '.join(repr(str(f)) for f in files)}])"


def numbered(files: list[Path]) -> str:
    """The staged files as a table function that tells each row's file and its number there."""
    return staged(files).replace("])", "], filename = true, file_row_number = true)")
