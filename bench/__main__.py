"""`make bench`: each question answered as a ratio within this run."""

import os
import tempfile
from pathlib import Path

from bench import analysis, checks, readers, reports
from bench.measure import measure
from bench.steps import (
    bench_settings,
    copy_bare,
    ingest,
    many_deliveries,
    quiet,
    validate_in_duckdb,
    validate_in_pandas,
    warm_up,
    write_csv,
    write_staged,
)
from pipelines.contract import load_contract
from pipelines.settings import Settings

MILLION = 1_000_000


def main() -> None:
    """Measure and print."""
    quiet()
    scale = float(os.environ.get("MIGSTAT_BENCH_SCALE", "1"))
    with tempfile.TemporaryDirectory(prefix="migstat-bench-") as name:
        folder = Path(name)
        _readers(folder, scale)
        _ten_expectations(folder, int(10 * MILLION * scale))
        _forty_checks(folder, int(10 * MILLION * scale))
        _one_large_delivery(folder, int(20 * MILLION * scale))
        _indicators(folder)
        _monte_carlo(scale)
        _reports(folder)
        _many_small_deliveries(folder, max(300, int(1000 * scale)))


def _readers(folder: Path, scale: float) -> None:
    print("Reading a file as text with row numbers, against the plain library call")
    for one in readers.FORMATS:
        path, count = folder / one.name, int(one.rows * scale)
        measure(one.write, path, count, prepare=quiet)  # elsewhere too: a process counts its parent's memory as its own
        ours = measure(readers.ours, path, one.format, prepare=readers.imports)
        print(f"  {one.format:9} {count:9,} rows {ours}", end="")
        for call in filter(None, (one.plain, one.less)):
            library = measure(call, path, prepare=readers.imports)
            print(f"   {call.__name__} {library} {ours.seconds / library.seconds:.2f} times", end="")
        print()
        path.unlink()
    for one in readers.FORMATS[:2]:
        peaks = []
        for count in (int(one.rows * scale), int(8 * one.rows * scale)):
            measure(one.write, folder / one.name, count, prepare=quiet)
            peaks.append(measure(readers.ours, folder / one.name, one.format, prepare=readers.imports).megabytes)
        print(f"  {one.format}: {peaks[0]:.0f} MB, of a file eight times as large {peaks[1]:.0f} MB")
        (folder / one.name).unlink()
    print()


def _ten_expectations(folder: Path, rows: int) -> None:
    settings, parquet = bench_settings(folder / "ten"), folder / "rows.parquet"
    measure(write_staged, parquet, rows, prepare=quiet)
    ours = measure(validate_in_duckdb, parquet, folder / "check", settings, prepare=warm_up)
    contract = load_contract(settings.contracts / "flows.yaml")
    pandas = measure(validate_in_pandas, parquet, contract, prepare=warm_up)
    print(f"Ten expectations on {rows:,} rows")
    print(f"  this product, in DuckDB   {ours}")
    print(f"  pandas engine             {pandas}")
    print(
        f"  {pandas.seconds / ours.seconds:.1f} times faster, {ours.megabytes / pandas.megabytes:.2f} of the memory\n"
    )
    parquet.unlink()


def _forty_checks(folder: Path, rows: int) -> None:
    settings, parquet = bench_settings(folder / "forty"), folder / "rows.parquet"
    measure(write_staged, parquet, rows, prepare=quiet)
    ours = measure(validate_in_duckdb, parquet, folder / "check40", settings, "forty", prepare=warm_up)
    contract = load_contract(settings.contracts / "forty.yaml")
    print(f"Forty checks on {rows:,} rows")
    print(f"  this product, in DuckDB   {ours}")
    for name, other, given in (
        ("pandas engine", validate_in_pandas, (parquet, contract)),
        ("pandera with polars", checks.with_pandera, (parquet,)),
        ("one SQL statement by hand", checks.by_hand, (parquet,)),
    ):
        found = measure(other, *given, prepare=warm_up)
        print(f"  {name:25} {found}   {found.seconds / ours.seconds:.2f} times this product")
    print()
    parquet.unlink()


def _one_large_delivery(folder: Path, rows: int) -> None:
    settings, csv = bench_settings(folder / "large"), folder / "rows.csv"
    measure(write_csv, csv, rows, prepare=quiet)
    copy = measure(copy_bare, csv, folder / "bare.parquet")
    ours = measure(ingest, csv, settings, prepare=warm_up)
    steps = ", ".join(f"{step} {seconds:.2f} s" for step, seconds in ours.result.items())
    kept = ours.result["process"] + ours.result["store"]
    print(f"A tidy CSV of {rows:,} rows to validated, committed Parquet")
    print(f"  DuckDB COPY alone         {copy}")
    print(f"  this product              {ours}   ({steps})")
    print(
        f"  {kept / copy.seconds:.2f} times COPY; {ours.seconds / copy.seconds:.2f} with the raw copy and its digest\n"
    )
    csv.unlink()


def _indicators(folder: Path) -> None:
    found = measure(analysis.full_and_changed, Settings(home=folder / "indicators"), 230, 60, prepare=warm_up)
    full, changed, nothing = (found.result[name] for name in ("full", "changed", "nothing"))
    print(f"All indicators, from every dataset one reads, 230 areas by 60 years ({found.megabytes:.0f} MB)")
    print(f"  all {full:.2f} s; one country's one year revised {changed:.2f} s; nothing new {nothing:.2f} s")
    print(
        f"  {changed / full:.2f} of all; {(changed - nothing) / (full - nothing):.2f} without what finding out costs\n"
    )


def _monte_carlo(scale: float) -> None:
    runs = int(10_000 * scale)
    ours = measure(analysis.vectorised, runs, 60, 200, prepare=warm_up)
    loop = measure(analysis.loop_in_pandas, max(runs // 50, 1), 60, 200, prepare=warm_up)
    print(f"{runs:,} Monte Carlo runs of an index of 60 items and 200 countries")
    print(f"  this product              {ours}")
    print(f"  a loop in pandas          {loop}   for a fiftieth of the runs")
    print(f"  {50 * loop.seconds / ours.seconds:.0f} times faster\n")


def _reports(folder: Path) -> None:
    settings = bench_settings(folder / "reports")
    (tenth, thousandth) = measure(reports.report_and_page, settings, folder, [10, 1000], prepare=warm_up).result
    few, many = measure(reports.data_docs, folder / "data_docs", [10, 100], prepare=warm_up).result
    print("A delivery checked and its report written, and the page over all, after so many deliveries")
    for count, report, page in (tenth, thousandth):
        print(f"  {count:5,}: report {1000 * report:6.0f} ms, page {1000 * page:6.0f} ms")
    print(f"  Data Docs' own site: of {few[0]} results {few[1]:.2f} s, of {many[0]} {many[1]:.2f} s")
    print(f"  thousandth against tenth {sum(thousandth[1:]) / sum(tenth[1:]):.2f} times\n")


def _many_small_deliveries(folder: Path, count: int) -> None:
    settings = bench_settings(folder / "many")
    found = measure(many_deliveries, settings, folder, count, 500, prepare=warm_up)
    print(f"{count:,} deliveries of 500 rows, replacing each other, with housekeeping ({found.megabytes:.0f} MB)")
    for so_far, commit, query, files in found.result:
        print(f"  after {so_far:5,}: commit {commit:6.0f} ms, query {query:6.1f} ms, {files:4} files")
    first, last = found.result[0], found.result[-1]
    print(f"  last hundred against first: commit {last[1] / first[1]:.2f}, query {last[2] / first[2]:.2f}")


if __name__ == "__main__":
    main()
