"""Masking: what there is to mask in data, and what takes its place."""

from collections.abc import Callable, Mapping
from typing import Any

from workbench.core.registry import build_settings
from workbench.data import DataSettings, kinds
from workbench.data.dataset import Progress
from workbench.data.masker import COLUMN
from workbench.data.masking import Masking
from workbench.data.masking_key import key_file
from workbench.data.masking_preview import masking_of, previewed


def preview(progress: Callable[[Progress], None], data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is found of every pattern, and of the columns that are masked whole; nothing of it is kept.

    {"found": [{"name", "title", "count", "masked", "examples": [[before, after]…]}…], "key", "key_is_there"}; name and
    title: of the setting that takes it out; masked: whether it does; key: the file of the key of hashes, or "" without
    any. While there is no key yet, the hashes that are shown are of one that is thrown away. Raises UserError when the
    data cannot be read, or cannot be masked.
    """
    settings = build_settings(kinds, data, "samples", "data")
    assert isinstance(settings, DataSettings)
    found, masking = previewed(settings, progress), masking_of(settings)
    hashes = masking.method == "hash" and masking.takes_out()
    named = {COLUMN if name == "columns" else name: name for name in Masking.model_fields}
    return {
        "found": [
            {
                "name": named[name],
                "title": Masking.model_fields[named[name]].title,
                "count": one.count,
                "masked": bool(getattr(masking, named[name])),
                "examples": [list(pair) for pair in one.examples.items()],
            }
            for name, one in found.items()
        ],
        "key": str(key_file()) if hashes else "",
        "key_is_there": hashes and key_file().exists(),
    }
