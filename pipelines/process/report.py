"""The report of one delivery: Great Expectations' Data Docs in a page that needs no network, with the places in words.

Data Docs load their styles and scripts from the web and count failing rows without placing them. Their sections are
kept; the page around them is ours. Each report is a file of its own, written once: no site is built over all of them.
"""

from functools import cache
from html import escape
from typing import Any

from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
from great_expectations.render.view.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, PackageLoader, pass_context

from pipelines.delivery import Outcome, Receipt, explain, visible
from pipelines.language import language, say


class Page(DefaultJinjaPageView):
    """Great Expectations' view, in which our templates come before its own."""

    _template = "report.html"

    def __init__(self) -> None:
        super().__init__()
        own = PackageLoader("pipelines.process")
        self.env.loader = ChoiceLoader([own, self.env.loader] if self.env.loader else [own])
        self.env.globals["say"] = say

    @pass_context
    def render_content_block(self, jinja_context: Any, content_block: Any, *rest: Any, **named: Any) -> Any:
        """A plain text, such as a cell of the file, is no HTML: Great Expectations would let it be."""
        if isinstance(content_block, str):
            return escape(content_block)
        return super().render_content_block(jinja_context, content_block, *rest, **named)


@cache
def _page() -> Any:
    """The view with its templates compiled, once in a process."""
    return Page()


def report(receipt: Receipt, outcome: Outcome, result: ExpectationSuiteValidationResult, overview: str) -> str:
    """The page as HTML.

    Args:
        overview: address of the page over all deliveries, seen from this one; empty if there is none.
    """
    renderer: Any = ValidationResultsPageRenderer(run_info_at_end=True)
    parts = {"accepted": outcome.rows_accepted, "held": outcome.rows_quarantined, "discarded": outcome.rows_discarded}
    rows = say(
        "{read} rows read: {accepted} to be loaded, {held} held back, {discarded} discarded",
        read=outcome.rows_read,
        **parts,
    )
    return str(
        _page().render(
            renderer.render(result),
            overview=overview,
            file=visible(receipt.file_name),
            outcome=outcome,
            rows=rows,
            shares=[(name, round(100 * n / outcome.rows_read, 3)) for name, n in parts.items() if n],
            findings=explain(receipt, outcome),
            language=language(),
        )
    )
