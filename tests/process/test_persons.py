"""Persons: nothing that identifies one leaves landing, wherever it stands in the file and whatever is wrong with it."""

import hashlib
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipelines.collect.land import land
from pipelines.contract import ContractError, load_contract
from pipelines.delivery import DeliveryRejected, Outcome
from pipelines.process.persons import NoPersonKey, pseudonym
from pipelines.process.run import process
from pipelines.settings import Settings
from pipelines.store.lake import connect
from pipelines.store.load import store

KEY = "a secret of the office, of forty letters"
CONTRACT = """\
dataset: permits
title: Residence permits
description: Permits by person.
provider: Ministry of the Interior
licence: not public
frequency: A
columns:
  ref_area: {type: area, key: true, description: Country.}
  time_period: {type: period, key: true, description: Year.}
  person: {person: true, key: true, description: Holder.}
  counterpart_area: {type: area, description: Citizenship.}
set: {ref_area: GEO, unit_measure: PERMITS}
sources:
  - file: "permits_{time_period}.csv"
    format: csv
    tables:
      - columns:
          person: Passport
          counterpart_area: {header: Citizenship, scheme: name}
        values: [{header: Permits}]
"""
HEADER = "Passport,Citizenship,Permits\n"
PASSPORTS = ["AB7766551", "XY9900112"]
GOOD = f"{PASSPORTS[0]},Türkiye,1\n{PASSPORTS[1]},Armenia,2\n"
BAD = {
    "a cell": GOOD.replace(",2", ",two"),
    "the identifier in another column": f"{GOOD}1,{PASSPORTS[0]},3\n",
    "among the figures": f"{GOOD}1,Armenia,{PASSPORTS[0]}\n",
    "a row too long": f"{GOOD}{PASSPORTS[0]},Armenia,1,{PASSPORTS[1]}\n",
    "a person twice": f"{GOOD}{PASSPORTS[0]},Armenia,5\n",
    "no person": f"{GOOD},{PASSPORTS[0]},5\n",
}


def deliver(text: str, settings: Settings, contract: str = CONTRACT) -> Outcome:
    folder = settings.home.parent / "contracts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "permits.yaml").write_text(contract, encoding="utf-8")
    file = settings.home.parent / "permits_2024.csv"
    file.write_text(text, encoding="utf-8")
    settings = settings.model_copy(update={"contracts": folder})
    receipt = land(file, load_contract(folder / "permits.yaml"), settings, Path(file.name))
    outcome = process(receipt.delivery_id, settings)
    try:
        store(receipt.delivery_id, settings)
    except DeliveryRejected as refusal:
        assert not any(passport in str(refusal) for passport in PASSPORTS)
    return outcome


@pytest.fixture
def keyed(settings: Settings) -> Settings:
    return settings.model_copy(update={"person_key": SecretStr(KEY)})


def left_landing(settings: Settings) -> Iterator[tuple[Path, bytes]]:
    """All that lies in a home outside landing; Parquet as the text of its cells."""
    for path in settings.home.rglob("*"):
        if path.is_file() and settings.landing not in path.parents:
            yield path, path.read_bytes()
            if path.suffix == ".parquet":
                yield path, str(duckdb.sql(f"FROM read_parquet('{path}')").fetchall()).encode()


@pytest.mark.parametrize("text", [GOOD, *BAD.values()], ids=["nothing wrong", *BAD])
def test_no_identifier_leaves_landing(keyed: Settings, text: str, caplog: pytest.LogCaptureFixture) -> None:
    """Staged and stored rows, problems, books, reports, logs."""
    caplog.set_level("DEBUG")
    outcome = deliver(HEADER + text, keyed)
    assert (outcome.state == "accepted") == (text == GOOD)
    found = list(left_landing(keyed))
    assert len(found) > 3
    for passport in PASSPORTS:
        assert [path for path, content in found if passport.encode() in content] == []
        assert passport not in caplog.text + outcome.model_dump_json()


def test_a_file_without_its_header_is_not_quoted(keyed: Settings) -> None:
    """Its first person would stand where the header is told."""
    outcome = deliver(GOOD, keyed)
    assert outcome.state == "rejected"
    assert not any(passport in outcome.model_dump_json() for passport in PASSPORTS)
    assert "not quoted, because the contract declares persons" in str(outcome.problems[0])


def test_one_person_has_one_pseudonym(keyed: Settings) -> None:
    """Deliveries can be joined by person, however the identifier was typed."""
    deliver(HEADER + f"{PASSPORTS[0]},Armenia,1\nxy 9900112,Armenia,2\n", keyed)
    with connect(keyed) as con:
        stored = {row[0] for row in con.execute("SELECT person FROM core.permits").fetchall()}
    assert stored == {pseudonym(passport, KEY.encode()) for passport in PASSPORTS}
    assert hashlib.sha256(PASSPORTS[0].encode()).hexdigest()[:32] not in stored


@pytest.mark.parametrize("key", ["", "short"])
def test_without_a_key_nothing_is_processed(settings: Settings, key: str) -> None:
    """The delivery waits in landing until the office has set one."""
    with pytest.raises(NoPersonKey, match="Set MIGSTAT_PERSON_KEY to a secret of at least 32 characters"):
        deliver(HEADER + GOOD, settings.model_copy(update={"person_key": SecretStr(key)}))
    assert deliver(HEADER + GOOD, settings.model_copy(update={"person_key": SecretStr(KEY)})).state == "accepted"


def test_nobody_else_may_look_into_landing(keyed: Settings) -> None:
    deliver(HEADER + GOOD, keyed)
    assert stat.S_IMODE(keyed.landing.stat().st_mode) == 0o700


def test_the_key_is_never_shown(keyed: Settings) -> None:
    assert KEY not in repr(keyed) + str(keyed) + keyed.model_dump_json()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("{person: true, key: true", "{type: area, person: true, key: true", "is of type `string`"),
        ("permits_{time_period}", "permits_{time_period}_{person}", "not in `set` or `file`"),
        ("set: {ref_area: GEO", "set: {person: AB1, ref_area: GEO", "not in `set` or `file`"),
        ("person: Passport\n", "person: Passport\n          note: Passport\n", "a column of its own"),
        ("person: Passport\n", "person: {header: Passport, codes: {AB1: X}}\n", "a column of its own"),
        ("person: Passport\n", "", "a column of its own"),
    ],
)
def test_a_contract_cannot_let_identifiers_out_by_another_way(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "permits.yaml").write_text(CONTRACT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractError, match=message):
        load_contract(tmp_path / "permits.yaml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("person: Passport\n", "person: Passport\n          note: column A\n"),
        ("{header: Permits}", "{header: PASSPORT}"),
    ],
    ids=["by its letter", "as a figure"],
)
def test_a_column_of_persons_is_not_read_under_another_name(keyed: Settings, old: str, new: str) -> None:
    """Digits only, an identifier could be read as a figure."""
    outcome = deliver(HEADER + "7766551,Armenia,2\n", keyed, CONTRACT.replace(old, new, 1))
    assert outcome.state == "rejected"
    assert "column “Passport”: expected to be read once" in str(outcome.problems[0])
    assert [path for path, content in left_landing(keyed) if b"7766551" in content] == []


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_only_case_and_blanks_make_no_difference(one: str, other: str) -> None:
    """Two persons never become one, and another office's pseudonyms say nothing of ours."""
    same = "".join(unicodedata.normalize("NFKC", one).upper().split()) == "".join(
        unicodedata.normalize("NFKC", other).upper().split()
    )
    assert (pseudonym(one, KEY.encode()) == pseudonym(other, KEY.encode())) == same
    assert pseudonym(one, KEY.encode()) is None or pseudonym(one, KEY.encode()) != pseudonym(one, KEY[::-1].encode())
