"""Where things are: one typed settings object, read from `MIGSTAT_*` environment variables."""

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipelines.language import SOURCE, languages

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Paths, catalogue and limits of one migstat home.

    Everything written at run time lies under `home`, so two homes on one machine never meet.
    """

    model_config = SettingsConfigDict(env_prefix="MIGSTAT_", extra="ignore")

    home: Path = Field(Path("var"), description="Run-time state: inbox, landing, staging, lake, reports.")
    contracts: Path = Field(ROOT / "expectations", description="Folder of the dataset contracts.")
    warehouse: Path = Field(ROOT / "warehouse", description="Folder of indicator SQL and reference data.")
    catalogue: str = Field(
        "", description="DuckLake catalogue, e.g. `postgres:host=... dbname=...`; empty: SQLite under home."
    )
    data_path: str = Field("", description="Where the lake's Parquet lies; empty: under home.")
    language: str = Field(SOURCE, description="In which language messages are shown; from the environment alone.")
    office: str = Field("", description="Name of the office, written as author of commits.")
    person_key: SecretStr = Field(SecretStr(""), description="Secret from which pseudonyms of persons are made.")
    contact: str = Field("", description="Mail address or page of the office, told to the servers it fetches from.")
    fetch: bool = Field(False, description="Whether scheduled runs ask the endpoints; `migstat fetch` always does.")
    fetch_attempts: int = Field(5, description="How often a call is tried when server or network fail.")
    fetch_pause: float = Field(1.0, description="Seconds before the second attempt; they double from then on.")
    fetch_timeout: float = Field(60.0, description="Seconds a server may be silent.")
    fetch_limit_mb: float = Field(500.0, description="The largest answer taken, in megabytes.")
    settle_seconds: float = Field(2.0, description="A file changed more recently than this is still arriving.")
    approval_days: int = Field(14, ge=1, description="Days until a held delivery is overdue, and people are reminded.")
    notify_to: str = Field("", description="Mail addresses told of held and rejected deliveries, separated by commas.")
    notify_from: str = Field("", description="Sender of these mails; empty: the first of those they go to.")
    notify_smtp: SecretStr = Field(
        SecretStr(""), description="Mail server: `smtp://user:password@host:587`, or smtps:."
    )
    notify_webhook: SecretStr = Field(SecretStr(""), description="Address the same messages are posted to as JSON.")
    web: str = Field("", description="Address of Airflow's web UI, for links in messages; empty: names of files.")
    retention_days: int = Field(365, description="How long superseded vintages stay readable.")
    reports_in: Path | None = Field(None, description="Where validation reports go; empty: under home.")
    memory_limit: str = Field("1GB", description="Memory DuckDB may use in one step.")

    @field_validator("home", "contracts", "warehouse")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        return path.expanduser().resolve()

    @field_validator("language")
    @classmethod
    def _with_catalogue(cls, language: str) -> str:
        if language and language not in languages():
            raise ValueError(f"there is no catalogue of messages in “{language}”; there are: {', '.join(languages())}")
        return language

    @property
    def inbox(self) -> Path:
        """One folder per dataset; a file put there is a delivery."""
        return self.home / "inbox"

    @property
    def landing(self) -> Path:
        """Raw deliveries, each under its sha256, never changed."""
        return self.home / "landing"

    @property
    def staging(self) -> Path:
        """Tidy Parquet and the outcome of a delivery between process and store."""
        return self.home / "staging"

    @property
    def lake(self) -> Path:
        """The embedded catalogue and, by default, the Parquet files."""
        return self.home / "lake"

    @property
    def reports(self) -> Path:
        """Validation reports, one folder per delivery."""
        return self.reports_in or self.home / "reports"

    @property
    def reference(self) -> Path:
        """Code lists and areas, as CSV an analyst edits."""
        return self.warehouse / "reference"

    @property
    def checks(self) -> Path:
        """Checks over several rows, one SQL file each."""
        return self.warehouse / "checks"

    @property
    def indicators(self) -> Path:
        """Indicator SQL, one file each."""
        return self.warehouse / "indicators"

    @property
    def indices(self) -> Path:
        """Composite indices, one YAML each."""
        return self.warehouse / "indices"

    @property
    def views(self) -> Path:
        """Views over indicators and monitoring data, one file each."""
        return self.warehouse / "views"

    @property
    def lake_data(self) -> str:
        """Path or address under which the lake keeps its Parquet files."""
        return self.data_path or str(self.lake / "data")
