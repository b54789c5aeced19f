"""The workspace: one folder with everything of one plant."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from supplynet.config import SETTINGS_FILE
from supplynet.errors import NotFound, StoreError
from supplynet.security.keyring import make_keyring

_TEMPLATE = """\
# Settings of this workspace. SUPPLYNET_* variables win over them.
# automation_mode = "suggest"     # or "auto_below", "auto": release without asking
# policy = "no_stockout"
# model = "lightgbm"
# target_halts_per_line_month = 0.02
# database_url = "sqlite:///supplynet.db"
# host = "127.0.0.1"
# port = 8321
"""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where things lie in a workspace; a function of its folder and nothing else."""

    folder: Path

    @property
    def settings_file(self) -> Path:
        """Settings, TOML."""
        return self.folder / SETTINGS_FILE

    @property
    def database(self) -> Path:
        """The SQLite file, unless the settings name another database."""
        return self.folder / "supplynet.db"

    @property
    def plant(self) -> Path:
        """The network: TOML and CSV files."""
        return self.folder / "plant"

    @property
    def history(self) -> Path:
        """Consumption by month: ``history/imported`` and ``history/ledger``."""
        return self.folder / "history"

    @property
    def tables(self) -> Path:
        """Production plan and deliveries, Parquet."""
        return self.folder / "tables"

    @property
    def last_good_forecast(self) -> Path:
        """What orders are made of when no new forecast can be, Parquet."""
        return self.folder / "forecasts" / "last_good.parquet"

    @property
    def profiles(self) -> Path:
        """Saved layouts of files to import, TOML."""
        return self.folder / "profiles"

    @property
    def models(self) -> Path:
        """Trained models, HDF5 with manifests."""
        return self.folder / "models"

    @property
    def scalers(self) -> Path:
        """Scalers of the models, JSON."""
        return self.folder / "scalers"

    @property
    def metrics(self) -> Path:
        """Metrics of the models, JSON."""
        return self.folder / "metrics"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that a workspace has."""
        history = (self.history / "imported", self.history / "ledger")
        return (
            self.plant,
            *history,
            self.tables,
            self.profiles,
            self.models,
            self.scalers,
            self.metrics,
        )


def init_workspace(folder: Path) -> Workspace:
    """Make ``folder`` a workspace, with keys; what is already there stays as it is.

    Raises:
        StoreError: The folder cannot be written.
        ConfigError: The key file cannot be written or read.
    """
    workspace = Workspace(folder.resolve())
    try:
        for path in workspace.folders:
            path.mkdir(parents=True, exist_ok=True)
        if not workspace.settings_file.exists():
            workspace.settings_file.write_text(_TEMPLATE, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"workspace {folder} cannot be made: {error.strerror}") from error
    make_keyring(workspace.folder)
    return workspace


def open_workspace(folder: Path) -> Workspace:
    """The workspace in ``folder``.

    Raises:
        NotFound: There is none.
    """
    workspace = Workspace(folder.resolve())
    if not workspace.settings_file.is_file():
        raise NotFound("workspace", str(folder), f"run: supplynet init --workspace {folder}")
    return workspace
