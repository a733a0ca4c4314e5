"""Write docs/mutations.md: what becomes of each damage, by dataset. `python -m tests.mutations.report`."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.settings import ROOT
from tests.mutations.damages import DAMAGES
from tests.mutations.office import LAYOUTS, SEED, bench

FILE = ROOT / "docs" / "mutations.md"
SIGNS = {"critical": "refused", "warning": "warned", "missed": "**missed**", "does not apply": "-"}


def table() -> dict[str, dict[str, str]]:
    """Damage to dataset to verdict, of all."""
    found: dict[str, dict[str, str]] = {name: {} for name in DAMAGES}
    with TemporaryDirectory() as home:
        for dataset in LAYOUTS:
            with bench(dataset, Path(home)) as one:
                for name in DAMAGES:
                    found[name][dataset] = one.judge(name)
    return found


def text(found: dict[str, dict[str, str]]) -> str:
    """The page."""
    count = Counter(verdict for row in found.values() for verdict in row.values())
    tried = sum(count.values()) - count["does not apply"]
    caught = 100 * (count["critical"] + count["warning"]) / tried
    lines = [
        "# What the contracts catch",
        "",
        f"Each sample is loaded, then delivered again with one damage: {len(DAMAGES)} kinds, by a seeded generator",
        f"(seed {SEED}). Of {tried} damaged deliveries {count['critical']} are refused, {count['warning']} give a",
        f"warning, {count['missed']} are missed: **{caught:.1f} % are caught**. A check that fails on the undamaged",
        "sample too does not count. Written by `python -m tests.mutations.report`; `make test` tries some of it again.",
        "",
        f"| damage | {' | '.join(LAYOUTS)} |",
        f"|---|{'---|' * len(LAYOUTS)}",
    ]
    lines += [f"| {name} | {' | '.join(SIGNS[row[d]] for d in LAYOUTS)} |" for name, row in found.items()]
    return "\n".join(lines) + "\n"


def published() -> dict[str, dict[str, str]]:
    """The table as it stands in the docs."""
    verdicts = {sign: verdict for verdict, sign in SIGNS.items()}
    rows = [line.strip("| ").split(" | ") for line in FILE.read_text(encoding="utf-8").splitlines() if line[:1] == "|"]
    return {row[0]: dict(zip(rows[0][1:], (verdicts[c] for c in row[1:]), strict=True)) for row in rows[2:]}


if __name__ == "__main__":
    FILE.write_text(text(table()), encoding="utf-8")
