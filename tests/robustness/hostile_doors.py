"""Every hostile model at every door of the program that reads models, in a process whose every deed is heard.

python -m tests.robustness.hostile_doors FOLDER PART PARTS     the process; prints a line of JSON for each file at each
door, of every PARTS-th file from PART on
"""

import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.robustness.fuzzing import _Watch as Watch
from tests.robustness.hostile_models import as_model_of_run, corpus
from workbench.core.errors import UserError

Door = Callable[[Path], Any]
_OWN_CHILD = ("limited.py", "pickled_weights.py")
_FOR_FOLDERS = ("pretrained", "start from", "data", "tokenizer")
_LONGEST = 20.0  # seconds; a child that torch is imported in takes two of them
_INPUTS = {"kind": "text", "shape": [], "vocabulary": 0}


class Heard(Watch):
    """Knows the one process that the program itself starts for such files, and the code and the secret in them."""

    def __init__(self, own: Path, canaries: Path, hostile: Path) -> None:
        super().__init__(own, ())
        self._canaries, self._hostile = str(canaries), str(hostile)
        self._secret = str(hostile / "secret.safetensors")

    def heard(self, event: str, values: tuple[Any, ...]) -> None:
        """Note what is foreign: code that is compiled or run, a module of its own, what lies outside of its folder."""
        if not self.is_on:
            return
        if event == "subprocess.Popen" and any(own in str(part) for part in values[1] for own in _OWN_CHILD):
            return
        if event in ("shutil.rmtree", "os.remove"):  # what the program cleans up after itself
            inside = event == "os.remove" and values[1] != -1  # below a folder whose removal was heard before
            if inside or os.path.abspath(os.fsdecode(values[0])).startswith(self._own):
                return
        if self._is_foreign(event, values):
            self.effects.add(f"{event} {str(values)[:120]}")
        super().heard(event, values)

    def _is_foreign(self, event: str, values: tuple[Any, ...]) -> bool:
        match event:
            case "compile":
                return any(place in str(values) for place in (self._canaries, self._hostile))
            case "exec":
                return self._hostile in values[0].co_filename or self._canaries in str(values[0].co_consts)
            case "import":
                return "evil" in str(values[0]) or self._hostile in str(values[1])
            case "open" if isinstance(values[0], str | bytes):
                return os.path.realpath(os.fsdecode(values[0])) == self._secret
        return False


def doors(place: Path) -> dict[str, Door]:
    """Return the ways by which a person brings a foreign model into the program, by name."""
    import torch

    from tests.training.runs import trained
    from workbench.data.pretrained_text import PretrainedText
    from workbench.data.tokenizer_files import read_tokenizer
    from workbench.engine import ask
    from workbench.inference.predictor import Predictor
    from workbench.networks.tensor_file import tensors_in
    from workbench.training import pickled_weights

    torch.set_num_threads(1)
    run, _ = trained(place / "runs")
    model = run.best_model()
    assert model is not None
    kept = model.with_name("kept")
    shutil.copytree(model, kept)
    shape = {"inputs": {"kind": "image", "shape": [1, 8, 8]}, "outputs": 10}

    def start_from(path: Path) -> None:
        ask("start.match", {"architecture": {"kind": "mlp"}, **shape, "start_from": str(path)})

    def in_a_run(path: Path) -> None:
        try:
            as_model_of_run(model, path.read_bytes())
            Predictor.of_run(run, "cpu")
        finally:
            shutil.rmtree(model)
            shutil.copytree(kept, model)

    def pretrained(path: Path) -> None:
        architecture = {"kind": "pretrained", "name": str(path)}
        ask("model.layers", {"architecture": architecture, "inputs": _INPUTS, "outputs": 2})
        ask("start.match", {"architecture": architecture, "inputs": _INPUTS, "outputs": 2, "start_from": str(path)})

    def as_data(path: Path) -> None:
        ask("data.open", {"data": ask("data.recognise", {"path": str(path)})["data"]})

    def here(path: Path) -> None:
        """Read a pickle in this very process, as the child does, where the watch hears it."""
        out = place / "out.safetensors"
        try:
            code = pickled_weights.convert(str(path), str(out))
        except Exception as error:  # what the child would end by
            raise UserError("It is refused: {reason}.", reason=type(error).__name__) from error
        if code:
            raise UserError("It is refused: {reason}.", reason=code)

    def as_tokenizer(path: Path) -> None:
        if path.is_file():
            read_tokenizer(path)
            return
        sizes = {"vocabulary": 10, "padding": 0, "length": 8, "longest": 0}
        PretrainedText.from_plain({"folder": str(path), "texts": ["a b"], **sizes})

    return {"start from": start_from, "tensors": tensors_in, "in a run": in_a_run, "pretrained": pretrained,
            "data": as_data, "tokenizer": as_tokenizer, "read here": here}  # fmt: skip


def main() -> None:
    """Bring every file to every door that it fits through."""
    place = Path(sys.argv[1])
    own, canaries = place / "own", place / "canaries"
    for folder in (own, canaries):
        folder.mkdir()
    for variable in ("WORKBENCH_RUNS", "WORKBENCH_CACHE", "WORKBENCH_STATE"):
        os.environ[variable] = str(own / variable.lower())
    os.environ["HF_HUB_OFFLINE"] = "1"
    tempfile.tempdir = str(own)
    part, parts = int(sys.argv[2]), int(sys.argv[3])
    files = dict(list(corpus(place / "hostile", canaries).items())[part::parts])
    known = doors(own)
    _import_all(own, known)
    watch = Heard(own, canaries, place / "hostile")
    sys.addaudithook(watch.heard)
    for name, path in files.items():
        for door, bring in known.items():
            if door not in (_FOR_FOLDERS if path.is_dir() else known) or (path.is_file() and door == "pretrained"):
                continue
            line = {"file": name, "door": door, **_brought(bring, path, watch, canaries)}
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()


def _import_all(own: Path, known: dict[str, Door]) -> None:
    """Let each door import what it needs before anyone listens."""
    from safetensors.torch import save_file
    from torch import nn

    from tests import checkpoints

    save_file(nn.Linear(64, 10).state_dict(), own / "sound.safetensors")
    folder = checkpoints.bert(own / "bert")
    for door, path in (
        ("pretrained", folder),
        ("tokenizer", folder),
        ("tensors", own / "sound.safetensors"),
        ("in a run", own / "sound.safetensors"),
    ):
        try:
            known[door](path)
        except UserError:
            continue


def _brought(bring: Door, path: Path, watch: Heard, canaries: Path) -> dict[str, Any]:
    watch.effects.clear()
    began, outcome, said = time.monotonic(), "taken", ""
    try:
        watch.is_on = True
        bring(path)
    except UserError as error:
        outcome, said = "refused", error.translated()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is what this looks for
        outcome, said = "raised", repr(error)[:300]
    finally:
        watch.is_on = False
    effects = sorted(watch.effects) + [f"canary {file.name}" for file in canaries.iterdir()]
    for file in canaries.iterdir():
        shutil.rmtree(file) if file.is_dir() else file.unlink()
    took = time.monotonic() - began
    if took > _LONGEST:
        effects.append(f"it took {took:.0f} s")
    return {"outcome": outcome, "said": said, "effects": effects}


if __name__ == "__main__":
    main()
