"""Run folders with damage in any of their files: what can be read is read, and nothing is raised."""

from pathlib import Path

from tests.core.run_maker import queued_run, started, steps, write
from tests.robustness.fuzzing import Fuzz, fuzzing_goal
from workbench.core.events import EpochDone, Finished
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import RunReader
from workbench.core.run_summary import signature, summarise

_FOLDER: list[RunFolder] = []


def _seeds(place: Path) -> dict[str, bytes]:
    folder = queued_run(place / "runs", "a run")
    done = EpochDone(step=10, epoch=1, seconds=0.1, metrics={"validation_loss": 0.5, "validation_accuracy": 0.8})
    ended = Finished(step=10, epoch=1, seconds=0.2, metrics={"test_accuracy": 0.8})
    write(folder, started(), steps(1, 10), done, ended)
    folder.write_notes(note="a note", tags=["one"])
    folder.write_wish("stop")
    (folder.path / "environment.json").write_text('{"host": "x", "device": "cpu"}', encoding="utf-8")
    _FOLDER.append(folder)
    files = [path for path in sorted(folder.path.rglob("*")) if path.is_file() and path.name != "lock"]
    return {path.relative_to(folder.path).as_posix(): path.read_bytes() for path in files}


def _read(name: str, content: bytes, place: Path) -> None:
    folder = _FOLDER[0]
    path = folder.path / name
    sound = path.read_bytes()
    try:
        path.write_bytes(content)
        reader = RunReader(folder)
        reader.read()
        reader.state()
        summarise(folder).to_row()
        signature(folder)
        folder.notes()
        folder.wish()
        folder.best_model()
    finally:
        path.write_bytes(sound)


FUZZ = Fuzz(_seeds, _read, ())
GOAL = fuzzing_goal("Damaged run folders are read as far as they go", "mutated_runs", 200, 200_000)
