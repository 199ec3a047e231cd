"""The data that were opened last, kept in the window's own memory."""

from pathlib import Path
from typing import Any

from workbench.core import paths
from workbench.core.files import read_json, write_json

_MOST = 8


def recent_data() -> list[dict[str, Any]]:
    """Return what was opened last and still exists, newest first: {title, path, data}."""
    entries = read_json(_file(), [])
    known = [entry for entry in entries if isinstance(entry, dict) and {"title", "path", "data"} <= entry.keys()]
    return [entry for entry in known if Path(entry["path"]).exists()]


def remember_data(title: str, data: dict[str, Any]) -> None:
    """Put these data first; a sample, which has no path, is not remembered. No place to write to is no error."""
    path = str(data.get("path", ""))
    if not path:
        return
    others = [entry for entry in recent_data() if entry["path"] != path]
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_json(_file(), [{"title": title, "path": path, "data": data}, *others][:_MOST])
    except OSError:
        return  # a memory that cannot be kept is no reason to stop anyone


def _file() -> Path:
    return paths.state() / "recent_data.json"
