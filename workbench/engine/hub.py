"""Data sets of the Hugging Face hub that are offered to click."""

from typing import Any

from workbench.core.words import Words, to_plain
from workbench.data.hub_install import installed
from workbench.data.hub_known import KNOWN


def known() -> dict[str, Any]:
    """Return the well-known data sets: name, title, summary, bytes of the download, content, and whether it is here."""
    return {
        "sets": [
            {
                "name": name,
                "title": entry.title,
                "summary": to_plain(Words(entry.summary)),
                "size": entry.size,
                "content": entry.content,
                "here": installed(name) is not None,
            }
            for name, entry in KNOWN.items()
        ]
    }
