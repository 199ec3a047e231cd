"""A stand-in for the engine's process that answers what a window asks to set up a run on the digits, without torch.

The catalogue of settings is the real one: WORKBENCH_TEST_CATALOGUE names the file it lies in.
"""

import json
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

INPUTS = {"kind": "image", "shape": [1, 8, 8], "vocabulary": 0}


def answer(name: str, given: dict[str, Any]) -> Any:
    match name:
        case "settings.catalogue":
            return json.loads(Path(os.environ["WORKBENCH_TEST_CATALOGUE"]).read_text())
        case "devices.list":
            return {
                "devices": [{"name": "cpu", "title": "Test processor"}],
                "why": {"template": "No GPU.", "values": {}},
            }
        case "settings.check":
            return {"recipe": checked(given["recipe"])}
        case "settings.read":
            return {"recipe": checked(tomllib.loads(Path(given["path"]).read_text()))}
        case "settings.toml":
            return {"toml": tomli_w.dumps(checked(given["recipe"]))}
        case "settings.learning_rates":
            return {"steps": [0, given["steps"] - 1], "values": [0.001, 0.0]}
        case "data.open":
            count = {"count": 10, "classes": [5, 5]}
            return {
                "name": "digits", "task": "classification", "inputs": INPUTS, "classes": ["0", "1"], "outputs": 2,
                "splits": {"training": {**count, "count": 100}, "validation": count, "test": count},
                "skipped": [], "problems": [], "facts": {}, "cache": str(cache()),
            }  # fmt: skip
        case "data.rows":
            return {"rows": []}
        case "model.fits":
            return {kind: {"task": "classification", "why": None} for kind in ("convnet", "mlp")}
        case "model.layers":
            return {"parameters": 1234, "layers": [], "drawing": [], "inputs": INPUTS, "outputs": 2, "task": ""}
        case "verification.verify":
            verdict = {"template": "{steps} steps, trained twice: identical to the last bit.", "values": {"steps": 20}}
            return {"identical": True, "unlike": 0, "notes": [], "verdict": verdict}
        case "model.measure":
            return {
                "memory": 1e6,
                "seconds_per_step": 0.1,
                "seconds_per_epoch": 1.0,
                "samples_per_second": 10,
                "device": "",
                "batch_size": 32,
                "fits": True,
                "free": 8e9,
            }
    raise KeyError(name)


def cache() -> Path:
    """Write a hundred and twenty grey pictures, as decoding would have."""
    folder = Path(os.environ["WORKBENCH_CACHE"]) / "canned"
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "images.npy", np.arange(120 * 64, dtype=np.uint32).astype(np.uint8).reshape(120, 8, 8, 1))
    np.save(folder / "targets.npy", np.arange(120, dtype=np.int64) % 2)
    np.save(folder / "splits.npy", np.repeat(np.arange(3, dtype=np.uint8), (100, 10, 10)))
    (folder / "names.json").write_text(json.dumps([f"digit {row}" for row in range(120)]))
    return folder


def checked(recipe: dict[str, Any]) -> dict[str, Any]:
    training = recipe.get("training", {})
    if training.get("patience") == 13:
        raise ValueError("training.patience")
    recipe = {"architecture": {"kind": "convnet"}, **recipe}
    plain = {**recipe, "training": {**training, "epochs": int(training.get("epochs", 3))}}
    return {**plain, "training": {**plain["training"], "optimizer": training.get("optimizer", {"kind": "adamw"})}}


def main() -> None:
    for line in sys.stdin:
        question = json.loads(line)
        try:
            said: dict[str, Any] = {"answer": answer(question["name"], question["arguments"])}
        except ValueError as error:
            said = {"error": {"message": "{name} brings bad luck.", "values": {"name": str(error)}, "details": ""}}
        except KeyError as error:
            said = {"error": {"message": "{name} is not known.", "values": {"name": str(error)}, "details": "canned"}}
        print(json.dumps({"id": question["id"], **said}), flush=True)


if __name__ == "__main__":
    main()
