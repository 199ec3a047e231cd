"""A folder of transformers, looked at before any of it is believed: what it holds, and why it is refused.

Only JSON and the heads of safetensors files are read here. Nothing of the folder is run, and what asks for code of its
own is refused.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import paths
from workbench.core.errors import UserError
from workbench.networks.tensor_file import TensorFacts, tensors_in

CONFIG = "config.json"
INDEX = "model.safetensors.index.json"
_LARGEST_JSON = 64 * 2**20
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".h5", ".msgpack")
_HARMLESS = {"_name_or_path", "_num_labels", "_commit_hash", "_from_model_config", "_flash_attn_2_enabled"}
_CODE = {
    "auto_map", "custom_pipelines", "trust_remote_code", "attn_implementation", "experts_implementation",
    "kernel_config", "use_kernels",
}  # fmt: skip
_FOREIGN = {"backbone", "use_timm_backbone", "use_pretrained_backbone", "backbone_kwargs", "transformers_weights"}
_FORGOTTEN = {
    "architectures",
    "transformers_version",
    "torch_dtype",
    "dtype",
    "id2label",
    "label2id",
    "task_specific_params",
}
_REPEATED = ("layers", "layer", "depth", "depths", "blocks", "stages", "experts", "block")  # endings of names of counts
_LARGEST_NUMBER = 2**40
_DEEPEST = 6


@dataclass(frozen=True)
class Folder:
    """What was found in a folder, and found in order.

    config: of config.json, without what only names things. tensors: what the weights declare. files: of the weights.
    """

    path: Path
    config: Mapping[str, Any]
    tensors: Mapping[str, TensorFacts]
    files: tuple[Path, ...]

    @property
    def model_type(self) -> str:
        """The name under which transformers knows this kind of model."""
        return self.config["model_type"]

    @property
    def elements(self) -> int:
        """How many numbers the weights hold."""
        return sum(tensor.elements for tensor in self.tensors.values())


def place_of(name: str) -> Path:
    """Return the folder that `name` means: a folder on this machine, or where a model of the hub is kept.

    Raises UserError when nothing is there.
    """
    if not name.strip():
        raise UserError(
            "No pretrained model is chosen.",
            hint="Choose a folder of transformers, or write a name on the Hugging Face hub, such as google/bert_tiny.",
        )
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder
    kept = hub_place(name)
    if kept is not None:
        return kept
    if folder.is_file():
        raise UserError(
            "{name} is a file. A pretrained model is a folder with config.json and model.safetensors in it.",
            name=folder.name,
        )
    raise UserError(
        "{name} is no folder here, and was not downloaded yet.",
        hint="Choose a folder of transformers; a model of the hub is downloaded when its training starts.",
        name=name,
    )


def hub_folder(name: str) -> Path:
    """Return the folder below which the models of the hub called `name` are kept."""
    return paths.cache() / "hub-models" / name.replace("/", "--")


def hub_place(name: str) -> Path | None:
    """Return the folder with the model of the hub called `name`, when all of it is here."""
    if name.count("/") > 1 or name.startswith((".", "/", "~")):
        return None
    root = hub_folder(name)
    newest = root / "newest.json"
    if not newest.is_file():
        return None
    folder = root / str(_json(newest).get("commit", ""))
    return folder if folder.is_dir() and folder != root else None


def checked(folder: Path) -> Folder:
    """Return what is in a folder of transformers; raises UserError with the reason why it cannot be used."""
    config = _config(folder)
    files = weights_of(folder)
    tensors: dict[str, TensorFacts] = {}
    for file in files:
        tensors.update(tensors_in(file))
    if not tensors:
        raise UserError("{name} holds no weights.", name=folder.name)
    found = Folder(folder, _without_names(config), tensors, files)
    _require_measure(found)
    return found


def weights_of(folder: Path) -> tuple[Path, ...]:
    """Return the safetensors files of the model; raises UserError when there are none, or only pickles."""
    index = folder / INDEX
    single = folder / "model.safetensors"
    if single.is_file():
        return (_within(single, folder),)
    if index.is_file():
        names = _json(index).get("weight_map")
        if not isinstance(names, dict) or not all(isinstance(name, str) for name in names.values()):
            raise UserError("{name} does not say where the weights are.", name=INDEX)
        return tuple(_within(folder / name, folder) for name in sorted(set(names.values())))
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1 and not found[0].name.startswith("adapter"):
        return (_within(found[0], folder),)
    pickles = sorted(file.name for file in folder.iterdir() if file.suffix.lower() in _PICKLES)
    if pickles:
        raise UserError(
            "The weights are in {file}, a format that can contain code. Only safetensors are read.",
            hint="Look for a version of this model with a model.safetensors.",
            file=pickles[0],
        )
    if (folder / "adapter_config.json").is_file():
        raise UserError(
            "This folder holds an adapter, not a whole model.",
            hint="Choose the folder of the model that the adapter was made for, or merge the two first.",
        )
    raise UserError("There is no model.safetensors in {name}.", name=folder.name)


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON file of a foreign folder, or nothing where there is none; raises UserError when it is damaged."""
    return _json(path) if path.is_file() else {}


def _config(folder: Path) -> dict[str, Any]:
    path = folder / CONFIG
    if not path.is_file():
        raise UserError(
            "There is no config.json in {name}.",
            hint="Choose the folder of a model as transformers saves it.",
            name=folder.name,
        )
    config = _json(path)
    require_harmless(config)
    if not isinstance(config.get("model_type"), str):
        raise UserError("config.json does not say which kind of model this is: {field} is missing.", field="model_type")
    return config


def require_harmless(config: Mapping[str, Any]) -> None:
    """Raise UserError when anything in a configuration would run or fetch what is not part of transformers."""
    for name, value in _walk(config):
        _require_harmless(name, value)


def _require_harmless(name: str, value: Any) -> None:
    """Raise UserError for a setting that would run or fetch something that is not in the folder."""
    if name in _CODE or (name.startswith("_") and name not in _HARMLESS):
        raise UserError(
            "config.json asks for code that is not part of transformers: {field}.",
            hint="Such a model is not loaded. Choose one without code of its own.",
            field=name,
        )
    if name in _FOREIGN and value:
        raise UserError("config.json builds on another model, which is not in this folder: {field}.", field=name)
    if name == "quantization_config" and value:
        raise UserError("The weights are quantized, and cannot be trained.", hint="Choose the model in full precision.")
    numbers = value if isinstance(value, list) else [value]
    if any(isinstance(number, int | float) and abs(number) > _LARGEST_NUMBER for number in numbers):
        raise UserError("config.json asks for something of a size that cannot be: {field}.", field=name)


def _require_measure(folder: Folder) -> None:
    """Raise UserError when the configuration declares more layers or wider ones than the weights have."""
    longest = max((max(tensor.shape, default=1) for tensor in folder.tensors.values()), default=1)
    for name, value in _walk(folder.config):
        numbers = value if isinstance(value, list) else [value]
        counts = [number for number in numbers if isinstance(number, int) and not isinstance(number, bool)]
        if not counts:
            continue
        repeated = name.startswith(("num_", "n_", "encoder_", "decoder_", "depth")) and name.endswith(_REPEATED)
        if repeated and sum(counts) > 4 * len(folder.tensors):
            raise _too_much(name, max(counts))
        if name in ("vocab_size", "hidden_size", "d_model", "n_embd", "dim") and max(counts) > 4 * longest:
            raise _too_much(name, max(counts))


def _too_much(field: str, value: int) -> UserError:
    return UserError(
        "config.json and the weights do not belong together: {field} is {value}, and the weights are smaller.",
        hint="Get the folder again.",
        field=field,
        value=value,
    )


def _walk(plain: Any, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """Yield every name with its value, those of inner configurations too."""
    if depth > _DEEPEST:
        raise UserError("config.json is nested too deeply.")
    if isinstance(plain, Mapping):
        for name, value in plain.items():
            yield str(name), value
            yield from _walk(value, depth + 1)
    elif isinstance(plain, list):
        for value in plain:
            if isinstance(value, Mapping | list):
                yield from _walk(value, depth + 1)


def _without_names(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in _FORGOTTEN and not name.startswith("_")}


def _within(file: Path, folder: Path) -> Path:
    """Return the file; raises UserError when it is missing or lies outside the folder."""
    if file.parent != folder or file.suffix != ".safetensors":
        raise UserError("{name} leads out of the folder, or to something else than safetensors.", name=file.name)
    if not file.is_file():
        raise UserError(
            "{name} is missing.", hint="Get the folder again; its weights are in several files.", name=file.name
        )
    return file


def _json(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise UserError("{name} is too large.", name=path.name)
        plain = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UserError("{name} cannot be read as JSON.", details=str(error), name=path.name) from error
    if not isinstance(plain, dict):
        raise UserError("{name} cannot be read as JSON.", name=path.name)
    return plain
