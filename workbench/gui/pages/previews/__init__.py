"""How opened data are shown: one preview for each kind of inputs, in some cases another one for a task."""

from typing import Any

from workbench.gui.pages.previews.image import ImagePreview
from workbench.gui.pages.previews.preview import Preview
from workbench.gui.pages.previews.series import SeriesPreview
from workbench.gui.pages.previews.table import TablePreview
from workbench.gui.pages.previews.text import TextPreview
from workbench.gui.pages.previews.tokens import TokensPreview

PREVIEWS: dict[str | tuple[str, str], type[Preview]] = {  # kind of inputs, or kind and natural task
    "image": ImagePreview,
    "text": TextPreview,
    "series": SeriesPreview,
    "table": TablePreview,
    ("text", "next_token"): TokensPreview,
}


def preview_for(kind: str, task: str) -> type[Preview]:
    """Return the preview for inputs of this kind whose natural task is `task`."""
    found: Any = PREVIEWS.get((kind, task)) or PREVIEWS.get(kind)
    return found or TextPreview


__all__ = ["PREVIEWS", "Preview", "preview_for"]
