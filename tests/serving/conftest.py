import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

import pytest

from tests import trained
from tests.export.models import fresh_run
from workbench.core.run_folder import RunFolder

TOKEN = "a-token-of-thirty-two-characters"
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Running:
    """A service in a process of its own."""

    address: str
    runs: dict[str, RunFolder]
    audit: Path
    said: SimpleQueue[str]  # lines on its standard output after the first

    @property
    def host(self) -> str:
        return self.address.partition("//")[2]


@pytest.fixture(scope="session")
def digits(session_folders: Path) -> RunFolder:
    return trained.digits_run(session_folders / "served")


@pytest.fixture(scope="session")
def writer(session_folders: Path) -> RunFolder:
    return trained.writer_run(session_folders / "served")


@pytest.fixture(scope="session")
def table(session_folders: Path) -> RunFolder:
    return fresh_run(session_folders / "served", "mlp", "table", "classification")


@pytest.fixture(scope="session")
def service(session_folders: Path, digits: RunFolder, writer: RunFolder, table: RunFolder) -> Iterator[Running]:
    """A service with a model of images, one of texts and one of tables."""
    runs = {run.name: run for run in (digits, writer, table)}
    audit = session_folders / "audit.jsonl"
    command = [sys.executable, "-m", "workbench", "serve", *(str(run.path) for run in runs.values())]
    options = ["--port", "0", "--json", "--audit", str(audit)]
    environment = {**os.environ, "WORKBENCH_TOKEN": TOKEN, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONUNBUFFERED", None)  # it must say by itself at once what is to be known at once
    with subprocess.Popen(
        [*command, *options], env=environment, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        lines: SimpleQueue[str] = SimpleQueue()
        reading = threading.Thread(target=lambda: [*map(lines.put, process.stdout or ())])  # a full pipe would stop it
        reading.start()
        yield Running(said["address"], runs, audit, lines)
        process.terminate()
        reading.join()
