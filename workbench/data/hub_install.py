"""Data sets of the hub that lie on this machine: fetched once, complete or not there, then used without a network."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.core import paths, run_lock
from workbench.core.errors import UserError
from workbench.core.files import read_json, write_json
from workbench.core.words import Words
from workbench.data import hub_files
from workbench.data.dataset import Progress, ProgressCallback
from workbench.data.folders import split_named
from workbench.data.hub_download import Meter, RemoteFile, fetch, require_space
from workbench.data.hub_files import Listing

_MANIFEST = "installed.json"
_USUAL: dict[str, Any] = {"configuration": "auto", "parts": []}


@dataclass(frozen=True)
class Installed:
    """A data set on this machine.

    splits: Parquet files by the hub's name of the split. names: of the classes, by column, where the card gives them.
    others: configurations there are besides. partial: whether the hub has converted the first part only.
    """

    repository: str
    configuration: str
    commit: str
    splits: Mapping[str, tuple[Path, ...]]
    names: Mapping[str, tuple[str, ...]]
    others: tuple[str, ...] = ()
    partial: bool = False

    @property
    def files(self) -> list[Path]:
        """All its files."""
        return [path for files in self.splits.values() for path in files]


def folder_of(repository: str) -> Path:
    """Return the folder of what was downloaded of a data set."""
    return paths.cache() / "hub" / repository.replace("/", "--")


def installed(repository: str, configuration: str = "auto", splits: Sequence[str] = ()) -> Installed | None:
    """Return the data set if all of it is here, asking nobody."""
    folder = folder_of(repository)
    entry = read_json(folder / _MANIFEST, {}).get(_key(configuration, splits))
    if entry is None:
        return None
    files = {split: [(folder / name, size) for name, size in files] for split, files in entry["splits"].items()}
    if not all(path.is_file() and path.stat().st_size == size for part in files.values() for path, size in part):
        return None
    return Installed(
        repository,
        entry["configuration"],
        entry["commit"],
        {split: tuple(path for path, _ in part) for split, part in files.items()},
        {column: tuple(names) for column, names in entry["names"].items()},
        tuple(entry["others"]),
        entry["partial"],
    )


def everything() -> list[tuple[dict[str, Any], Installed]]:
    """Return all data sets that are here: the settings that tell them from others, and what there is."""
    found = []
    for manifest in sorted((paths.cache() / "hub").glob(f"*/{_MANIFEST}")):
        name = manifest.parent.name.replace("--", "/")
        for key in read_json(manifest, {}):
            configuration, *splits = key.split("|")
            there = installed(name, configuration, splits)
            if there is not None:
                chosen = {"configuration": configuration, "parts": splits}
                unusual = {what: value for what, value in chosen.items() if value != _USUAL[what]}
                found.append(({"name": name, **unusual}, there))
    return found


def obtained(repository: str, configuration: str, splits: Sequence[str], progress: ProgressCallback) -> Installed:
    """Return the data set, downloaded if it is not here yet; raises UserError that says why it cannot be had."""
    found = installed(repository, configuration, splits)
    if found is not None:
        return found
    if hub_files.is_offline():
        raise UserError(
            "{name} is not here, and HF_HUB_OFFLINE forbids to download it.",
            hint="Take that variable out of the environment once, with a network.",
            name=repository,
        )
    progress(Progress(Words("Asking the hub about {name}", {"name": repository}), 0, 0))
    folder = folder_of(repository)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = run_lock.take(folder / "lock")
        if lock is None:
            raise UserError(
                "{name} is being downloaded by another window or command.",
                hint="Wait until that is done.",
                name=repository,
            )
        with lock:
            _install(hub_files.listed(repository), folder, configuration, splits, progress)
    except _kinds_of_errors() as error:
        raise hub_files.worded(error, repository) from error
    found = installed(repository, configuration, splits)
    assert found is not None
    return found


def _kinds_of_errors() -> tuple[type[Exception], ...]:
    """Return what the hub's library, the line and the disk raise."""
    from huggingface_hub import errors

    return (OSError, errors.HfHubHTTPError.__bases__[0], errors.HFValidationError)  # type: ignore[return-value]


def _install(
    listing: Listing, folder: Path, configuration: str, splits: Sequence[str], progress: ProgressCallback
) -> None:
    from huggingface_hub.utils import build_hf_headers

    chosen = _configuration(listing, configuration)
    parts = _splits(listing, chosen, splits)
    files = list({file.name: file for part in parts.values() for file in part}.values())
    total = sum(file.size for file in files)
    require_space(folder, total - _here(folder, files))
    meter = Meter(listing.repository, total, progress)
    headers = build_hf_headers(library_name="workbench")
    for file in files:
        fetch(listing.address(file), file, folder, meter, headers)
    manifest = read_json(folder / _MANIFEST, {})
    manifest[_key(configuration, splits)] = {
        "configuration": chosen,
        "commit": listing.commit,
        "splits": {split: [[file.name, file.size] for file in part] for split, part in parts.items()},
        "names": listing.names.get(chosen, {}),
        "others": [name for name in listing.configurations if name != chosen],
        "partial": chosen in listing.partial,
    }
    write_json(folder / _MANIFEST, manifest)  # last: what is written here is whole


def _key(configuration: str, splits: Sequence[str]) -> str:
    return "|".join([configuration, *sorted(splits)])


def _here(folder: Path, files: Iterable[RemoteFile]) -> int:
    """Return how many bytes of these files were downloaded before."""
    places: list[Any] = [(folder / file.name, (folder / file.name).with_suffix(".part")) for file in files]
    return sum(place.stat().st_size for pair in places for place in pair if place.is_file())


def _configuration(listing: Listing, wanted: str) -> str:
    names = list(listing.configurations)
    if wanted in names:
        return wanted
    if wanted == "auto":
        if len(names) == 1:
            return names[0]
        usual = [name for name in ("default", "plain_text", listing.repository.split("/")[-1]) if name in names]
        if usual:
            return usual[0]
        raise UserError(
            "{name} has several configurations, and one must be chosen.",
            hint="Write one of these as the configuration: {configurations}.",
            name=listing.repository,
            configurations=_listed(names),
        )
    raise UserError(
        "{name} has no configuration called {wanted}.",
        hint="There are: {configurations}.",
        name=listing.repository,
        wanted=wanted,
        configurations=_listed(names),
    )


def _splits(listing: Listing, configuration: str, wanted: Sequence[str]) -> dict[str, tuple[RemoteFile, ...]]:
    """Return the files of the splits that are wanted, or of those with a usual name, or of all."""
    there = listing.configurations[configuration]
    for name in wanted:
        if name not in there:
            raise UserError(
                "{name} has no split called {wanted}.",
                hint="There are: {splits}.",
                name=listing.repository,
                wanted=name,
                splits=_listed(list(there)),
            )
    names = list(wanted) or [name for name in there if split_named(name) is not None] or list(there)
    return {name: there[name] for name in names}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
