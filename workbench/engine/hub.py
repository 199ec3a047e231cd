"""Data sets of the Hugging Face hub that are offered to click."""

from typing import Any

from workbench.core.words import Words, to_plain
from workbench.data.hub_install import Installed, everything
from workbench.data.hub_known import KNOWN


def known() -> dict[str, Any]:
    """Return the data sets to click, the well-known ones first, then all others that are here.

    Of each the settings that open it (data), title, summary, bytes of the download, and whether it is here.
    """
    here = everything()
    names = [data["name"] for data, _ in here if len(data) == 1]
    sets = [
        {
            "data": {"kind": "hub", "name": name},
            "title": entry.title,
            "summary": to_plain(Words(entry.summary)),
            "size": entry.size,
            "here": name in names,
        }
        for name, entry in KNOWN.items()
    ]
    others = [(data, found) for data, found in here if data["name"] not in KNOWN or len(data) > 1]
    return {"sets": sets, "others": [_described(data, found) for data, found in others]}


def _described(data: dict[str, Any], found: Installed) -> dict[str, Any]:
    words = Words(
        "Configuration {configuration}, splits {splits}.",
        {"configuration": found.configuration, "splits": ", ".join(found.splits)},
    )
    return {
        "data": {"kind": "hub", **data},
        "title": found.repository,
        "summary": to_plain(words),
        "size": sum(path.stat().st_size for path in found.files),
        "here": True,
    }
