"""What a data set of the Hugging Face hub consists of: its configurations, their splits, and the Parquet files of each.

The hub keeps every data set that it can read as Parquet files on a branch of its own; a data set that has none there
may bring such files itself.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.core.errors import UserError
from workbench.core.words import mark
from workbench.data.hub_download import RemoteFile

CONVERTED = "refs/convert/parquet"
_PART = re.compile(r"^(?P<split>.+?)(-\d{5}-of-\d{5}.*|-\d+)?$")
_CHECKSUM = re.compile(r"^[0-9a-f]{40}([0-9a-f]{24})?$")
_NAME = re.compile(r"^[\w.\-]+(/[\w.\-]+)?$", re.ASCII)


@dataclass(frozen=True)
class Listing:
    """The Parquet files of a data set at one commit.

    configurations: files by configuration and split. names: of the classes, by configuration and column, where the
    data set's card gives them. partial: configurations of which the hub converted the first part only.
    """

    repository: str
    commit: str
    configurations: Mapping[str, Mapping[str, tuple[RemoteFile, ...]]]
    names: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    partial: tuple[str, ...] = ()

    def address(self, file: RemoteFile) -> str:
        """Return where the file can be had."""
        from huggingface_hub import hf_hub_url

        return hf_hub_url(self.repository, file.path, repo_type="dataset", revision=self.commit, endpoint=endpoint())


def endpoint() -> str | None:
    """Return the address of the hub, or of the mirror that HF_ENDPOINT names; None is the library's own choice."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def is_offline() -> bool:
    """Return whether the hub must not be asked."""
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")


def require_name(name: str) -> str:
    """Return the name of a data set, also from its address on the hub; raises UserError when it cannot be one."""
    cleaned = re.sub(r"^(https?://[^/]+/)?datasets/|^https?://[^/]+/", "", name.strip()).strip("/")
    if not _NAME.match(cleaned) or ".." in cleaned or "--" in cleaned:
        raise UserError(
            "{name} is no name of a data set on the hub.",
            hint="It looks like ylecun/mnist: an owner, a slash and a name.",
            name=name or "…",
        )
    return cleaned


def listed(repository: str) -> Listing:
    """Ask the hub for the Parquet files of a data set; raises UserError that says why there are none."""
    try:
        return _listed(repository)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # as JSON, or what the library expects in it
        raise UserError(
            "What answers is not the hub.",
            hint="Some networks want you to sign in on a web page first. Look also at HF_ENDPOINT, if it is set.",
            details=f"{type(error).__name__}: {error}",
        ) from error


def _listed(repository: str) -> Listing:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import RevisionNotFoundError

    hub = HfApi(endpoint=endpoint())
    about = hub.dataset_info(repository)
    try:
        commit = hub.dataset_info(repository, revision=CONVERTED).sha or CONVERTED
        found, partial = _converted(_parquet(hub, repository, commit))
    except RevisionNotFoundError:
        found, partial = {}, ()
    if not found:
        commit = about.sha or "main"
        found, partial = _own(_parquet(hub, repository, commit)), ()
    if not found:
        raise UserError(
            "{name} has no Parquet files on the hub.",
            hint="Only data sets that the hub could convert can be opened. Choose another one.",
            name=repository,
        )
    card = getattr(about, "card_data", None)
    return Listing(repository, commit, found, names_in_card(card.to_dict() if card else {}), partial)


def worded(error: Exception, repository: str) -> UserError:
    """Return what an error of the library or the line means."""
    from huggingface_hub import errors

    if isinstance(error, UserError):
        return error
    status = getattr(getattr(error, "response", None), "status_code", 0)
    if isinstance(error, errors.GatedRepoError) or status in (401, 403):
        text = mark("{name} asks for consent before it is downloaded, or may not be seen by everybody.")
        hint = mark("Accept its terms on the hub, sign in with the command hf auth login, and try again.")
    elif isinstance(error, errors.RepositoryNotFoundError) or status == 404:
        text = mark("The hub has no data set called {name}.")
        hint = mark("Look at its name on the hub; a private one needs the command hf auth login first.")
    elif status == 429:
        text, hint = mark("The hub is asked too often from here."), mark("Wait some minutes and try again.")
    elif status:
        text = mark("The hub does not hand out {name}: it answers {status}.")
        hint = mark("Try again later.")
    elif isinstance(error, OSError) and error.errno is not None and not isinstance(error, ConnectionError):
        text = mark("{name} could not be kept: {reason}.")
        hint = mark("Free some space, or set WORKBENCH_CACHE to a folder on another disk.")
    else:
        text = mark("The hub cannot be reached, and {name} is not here yet.")
        hint = mark(
            "Connect to the network and try again; what has arrived already is kept. HF_ENDPOINT names a mirror."
        )
    reason = getattr(error, "strerror", None) or type(error).__name__
    details = f"{type(error).__name__}: {error}"
    return UserError(text, hint=hint, details=details, name=repository, status=status, reason=reason)


def _parquet(hub: Any, repository: str, commit: str) -> list[RemoteFile]:
    """Return the Parquet files of a data set at one commit, sorted by path."""
    found = []
    for entry in hub.list_repo_tree(repository, repo_type="dataset", revision=commit, recursive=True):
        if entry.path.endswith(".parquet") and hasattr(entry, "blob_id"):
            sha256 = entry.lfs.sha256 if entry.lfs else ""
            if not _CHECKSUM.match(sha256 or entry.blob_id):  # files are called by it here
                raise ValueError(f"{entry.path} has no checksum")
            found.append(RemoteFile(entry.path, entry.size, sha256, entry.blob_id))
    return sorted(found, key=lambda file: file.path)


Found = dict[str, dict[str, tuple[RemoteFile, ...]]]


def _converted(files: Iterable[RemoteFile]) -> tuple[Found, tuple[str, ...]]:
    """Sort <configuration>/<split>/0000.parquet; a split of which there is only a part is called partial-<split>."""
    found: Found = {}
    partial: list[str] = []
    for file in files:
        parts = file.path.split("/")
        if len(parts) == 3:
            configuration, split = parts[0], parts[1].removeprefix("partial-")
            if split != parts[1]:
                partial.append(configuration)
            splits = found.setdefault(configuration, {})
            splits[split] = (*splits.get(split, ()), file)
    return found, tuple(dict.fromkeys(partial))


def _own(files: Iterable[RemoteFile]) -> Found:
    """Sort what a data set brings itself: data/train-00000-of-00002.parquet, <configuration>/test.parquet, …"""
    found: Found = {}
    for file in files:
        *folders, name = file.path.removesuffix(".parquet").split("/")
        match = _PART.match(name)
        split = match["split"] if match else name
        if len(folders) > 1 and split.isdecimal():
            split = folders.pop()
        configuration = "/".join(folders) if folders and folders != ["data"] else "default"
        splits = found.setdefault(configuration, {})
        splits[split] = (*splits.get(split, ()), file)
    return found


def names_in_card(card: Mapping[str, Any]) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return the names of classes that the card of a data set gives, by configuration and column."""
    described = card.get("dataset_info") or []
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for about in described if isinstance(described, list) else [described]:
        columns = {}
        for column in about.get("features") or []:
            kind = column.get("dtype") if isinstance(column, Mapping) else None
            names = kind.get("class_label", {}).get("names") if isinstance(kind, Mapping) else None
            if isinstance(names, Mapping):
                columns[str(column["name"])] = tuple(str(names[key]) for key in sorted(names, key=int))
            elif isinstance(names, list):
                columns[str(column["name"])] = tuple(map(str, names))
        if columns:
            found[str(about.get("config_name", "default"))] = columns
    return found
