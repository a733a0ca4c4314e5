"""Find the messages for the catalogues, for `pybabel extract`: in code, in contracts and in SQL checks.

Each function is an extraction method of Babel's: it takes an open file and yields line, function, message, comments.
"""

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import IO, Any

from ruamel.yaml import YAML

HEADER = re.compile(r"\A\s*/\*(.*?)\*/", re.DOTALL)
EXPECTED = re.compile(r"((?:'(?:[^']|'')*'|\bCASE\b(?:(?!\bCASE\b).)*?\bEND)) AS expected\b", re.DOTALL)
RESULT = re.compile(r"(?:\A|\b(?:THEN|ELSE)\s+)'((?:[^']|'')*)'")
Found = Iterator[tuple[int, str, str | tuple[str, ...], list[str]]]


def code(
    file: IO[bytes], keywords: Mapping[str, Any], comment_tags: Sequence[str], options: Mapping[str, Any]
) -> Found:
    """The texts `say` and the like are called with; where one of two is chosen in the call, both."""
    for node in ast.walk(ast.parse(file.read())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in keywords:
            continue
        if node.func.id == "say_n":
            texts = [arg.value for arg in node.args[:2] if isinstance(arg, ast.Constant)]
            yield node.lineno, "say_n", tuple(map(str, texts)), []
        else:
            for text in _texts(node.args[0]):
                yield node.lineno, node.func.id, text, []


def _texts(node: ast.expr) -> list[str]:
    if isinstance(node, ast.IfExp):
        return _texts(node.body) + _texts(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) else []


def contract(file: IO[bytes], keywords: Any, comment_tags: Sequence[str], options: Mapping[str, Any]) -> Found:
    """What a contract says to people: its title, the notes of its checks, and what their queries expect."""
    said = YAML(typ="rt").load(file.read().decode())
    yield _line(said, "title"), "", said["title"], []
    for expectation in said.get("expectations", []):
        line = _line(expectation, "type")
        yield line, "", expectation["notes"], []
        for text in expected(expectation["kwargs"].get("unexpected_rows_query", "")):
            yield line, "", text.replace("{{", "{").replace("}}", "}"), []


def check(file: IO[bytes], keywords: Any, comment_tags: Sequence[str], options: Mapping[str, Any]) -> Found:
    """What a SQL check says to people: what it expects and, of indicators, its title and question."""
    sql = file.read().decode()
    match = HEADER.match(sql)
    header = YAML(typ="safe").load(match[1]) if match else {}
    if "severity" in header:
        yield 2, "", header["title"], []
        yield 2, "", header["question"], []
    for text in expected(sql):
        yield sql[: sql.index(text.replace("'", "''"))].count("\n") + 1, "", text, []


def expected(sql: str) -> Iterator[str]:
    """The texts a query gives as `expected`: a literal, or those a CASE chooses from."""
    for said in EXPECTED.findall(sql):
        yield from (text.replace("''", "'") for text in RESULT.findall(said))


def _line(node: Any, key: str) -> int:
    return int(node.lc.key(key)[0]) + 1
