from pathlib import Path

import pytest

from tests import folders, trained
from workbench.core.run_folder import RunFolder


@pytest.fixture(scope="session")
def digits_run(session_folders: Path) -> RunFolder:
    return trained.digits_run(session_folders / "runs")


@pytest.fixture(scope="session")
def texts_run(session_folders: Path) -> RunFolder:
    return trained.texts_run(session_folders / "runs", folders.text_table(session_folders / "texts.csv", 60))
