"""Models of the Hugging Face hub by their name: downloaded once, checked on the way, and only what is data of them."""

import json
import re
from pathlib import Path
from typing import Any

from workbench.core import run_lock
from workbench.core.errors import UserError
from workbench.core.words import Words
from workbench.data import hub_files
from workbench.data.dataset import Progress
from workbench.data.hub_download import Meter, RemoteFile, fetch, require_space
from workbench.networks import pretrained_folder

_SMALL = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "preprocessor_config.json",
    "model.safetensors.index.json",
)
_WEIGHTS = re.compile(r"^model(-\d{5}-of-\d{5})?\.safetensors$")
_NAME = re.compile(r"^[\w.\-]+(/[\w.\-]+)?$", re.ASCII)
_MOST_SMALL = 64 * 2**20  # bytes of a file that is no weights


class _File(RemoteFile):
    """A file of a model, which keeps its own name."""

    @property
    def name(self) -> str:
        return self.path


def obtained(name: str, progress: Any) -> None:
    """Download the model of the hub called `name`, unless a folder has that name or it is here already.

    The configuration comes first, and what is refused is refused before its weights are asked for. Raises UserError
    that says why it cannot be had.
    """
    known = Path(name).expanduser().exists() or pretrained_folder.hub_place(name) is not None
    if known or not _NAME.match(name) or ".." in name or "--" in name:
        return
    if hub_files.is_offline():
        raise UserError(
            "{name} is not here, and HF_HUB_OFFLINE forbids to download it.",
            hint="Take that variable out of the environment once, with a network.",
            name=name,
        )
    from huggingface_hub import errors

    progress(Progress(Words("Asking the hub about {name}", {"name": name}), 0, 0))
    folder = pretrained_folder.hub_folder(name)
    lost: Any = (OSError, errors.HfHubHTTPError.__bases__[0], errors.HFValidationError)  # as the library raises them
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = run_lock.take(folder / "lock")
        if lock is None:
            raise UserError(
                "{name} is being downloaded by another window or command.", hint="Wait until that is done.", name=name
            )
        with lock:
            _install(name, folder, progress)
    except errors.RepositoryNotFoundError as error:
        raise UserError(
            "The hub has no model called {name}.",
            hint="Look at its name on the hub; a private one needs the command hf auth login first.",
            name=name,
        ) from error
    except lost as error:
        raise hub_files.worded(error, name) from error


def _install(name: str, folder: Path, progress: Any) -> None:
    from huggingface_hub import HfApi, hf_hub_url
    from huggingface_hub.utils import build_hf_headers

    hub = HfApi(endpoint=hub_files.endpoint())
    commit = hub.model_info(name).sha or "main"
    entries: list[Any] = [entry for entry in hub.list_repo_tree(name, revision=commit) if hasattr(entry, "blob_id")]
    files = [
        _File(entry.path, entry.size, entry.lfs.sha256 if entry.lfs else "", entry.blob_id)
        for entry in entries
        if entry.path in _SMALL or _WEIGHTS.match(entry.path)
    ]
    weights = [file for file in files if _WEIGHTS.match(file.path)]
    whole = [file for file in weights if file.path == "model.safetensors"]
    weights = whole or sorted(weights, key=lambda file: file.path)
    small = [file for file in files if file.path in _SMALL]
    if not weights:
        raise UserError(
            "{name} has no weights as safetensors on the hub.",
            hint="Only safetensors are read, since other formats can contain code. Choose another model.",
            name=name,
        )
    if any(file.size > _MOST_SMALL for file in small):
        raise UserError("{name} is too large.", name=max(small, key=lambda file: file.size).path)
    place = folder / commit
    place.mkdir(exist_ok=True)
    chosen = [*sorted(small, key=lambda file: file.path != "config.json"), *weights]
    total = sum(file.size for file in chosen)
    require_space(place, total)
    meter, headers = Meter(name, total, progress), build_hf_headers(library_name="workbench")
    for file in chosen:
        address = hf_hub_url(name, file.path, revision=commit, endpoint=hub_files.endpoint())
        path = fetch(address, file, place, meter, headers)
        if file.path == pretrained_folder.CONFIG:
            config = pretrained_folder.read_json(path)
            pretrained_folder.require_harmless(config)
            from workbench.networks import pretrained_models  # with torch, which opening data does without

            pretrained_models.fitting(str(config.get("model_type")))
    pretrained_folder.checked(place)
    newest = folder / "newest.json"
    part = newest.with_suffix(".part")
    part.write_text(json.dumps({"commit": commit}), encoding="utf-8")
    part.replace(newest)  # last: what is named here is whole
