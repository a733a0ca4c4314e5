"""Questionnaires of an index as an Excel form: lists to choose from, nothing to be typed as code."""

import datetime as dt
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from pipelines.analyse.index.definition import Index
from pipelines.language import msgid, say

ANSWERS = ("complete", "partial", "absent", "not applicable")
REVIEWS = ("agreed", "disagreed")
GIVEN = ("Country", "Round", "Index", "Dimension", "Item", "Question")
ASKED = {
    "Answer": 14, "Law or policy": 36, "Article": 12, "Link": 30, "Answered on": 14, "Respondent": 22, "Reviewer": 22,
    "Review": 12,
}  # fmt: skip
WIDTHS = {"Country": 20, "Round": 8, "Index": 10, "Dimension": 28, "Item": 12, "Question": 60}
HELP = [
    msgid("Choose an answer in each row: complete, partial or absent. Leave empty what you do not know."),
    msgid("Name the law or policy that shows it, its article, and where it can be read."),
    msgid(
        "Write who answered. A second person reads it, writes their own name under Reviewer, and agrees or disagrees."
    ),
    msgid("An answer counts once a second person has agreed to it."),
    msgid(
        "Do not change the grey columns. "
        "Save the file under its own name and put it into the inbox of governance_answers."
    ),
]


def write_form(index: Index, country: str, period: str, folder: Path) -> Path:
    """Write the form of an index for one country and round; gives its path.

    Raises:
        ValueError: the index is not answered by a form.
    """
    if not index.form:
        raise ValueError(f"{index.index} is computed from data and has no form")
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Answers"
    sheet.append([*GIVEN, *ASKED])
    for dimension in index.tree.children:
        for item in dimension.leaves():
            sheet.append([country, int(period), index.index, dimension.title, item.code, item.question or item.title])
    _dressed(sheet)
    _guided(book, index)
    path = folder / f"{index.form}_{index.index}_{country.replace(' ', '_')}_{period}.xlsx"
    folder.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def _dressed(sheet: Worksheet) -> None:
    last = sheet.max_row
    columns = {name: sheet.cell(1, place).column_letter for place, name in enumerate([*GIVEN, *ASKED], start=1)}
    for name, width in {**WIDTHS, **ASKED}.items():
        sheet.column_dimensions[columns[name]].width = width
    for row in sheet.iter_rows(min_row=1, max_row=last):
        for place, cell in enumerate(row):
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.protection = Protection(locked=cell.row == 1 or place < len(GIVEN))
            if cell.row == 1:
                cell.font = Font(bold=True)
            if place < len(GIVEN):
                cell.fill = PatternFill("solid", start_color="EEEEEE")
    for name, choices in (("Answer", ANSWERS), ("Review", REVIEWS)):
        rule = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
        rule.error, rule.errorTitle = f"Choose one of: {', '.join(choices)}.", name
        rule.add(f"{columns[name]}2:{columns[name]}{last}")
        sheet.add_data_validation(rule)
    day = DataValidation(
        type="date", operator="greaterThan", formula1=str((dt.date(2000, 1, 1) - dt.date(1899, 12, 30)).days)
    )
    day.add(f"{columns['Answered on']}2:{columns['Answered on']}{last}")
    sheet.add_data_validation(day)
    sheet.freeze_panes = f"{columns['Answer']}2"
    sheet.protection.sheet = True


def _guided(book: Workbook, index: Index) -> None:
    sheet = book.create_sheet("Instructions")
    sheet.column_dimensions["A"].width = 110
    for line in (index.title, f"Version {index.version}. {index.status}. {index.source}", "", *map(say, HELP)):
        sheet.append([line])
        sheet.cell(sheet.max_row, 1).alignment = Alignment(wrap_text=True)
    sheet["A1"].font = Font(bold=True)
