"""Preprocessing of a model whose training data were masked: what it is given is masked in the same way first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.core.signature import Inputs
from workbench.data.masker import Masker

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class MaskedPreprocessing:
    """Preprocessing of texts or of the rows of a table behind a masker; what is not here is that of `inner`."""

    inner: Any
    masker: Masker

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("inner", "masker"):  # asked for before there is anything, as by copy
            raise AttributeError(name)
        return getattr(self.inner, name)

    @property
    def inputs(self) -> Inputs:
        """What comes out, as a network sees it."""
        return self.inner.inputs

    def encode(self, raw: Any, notes: list[str] | None = None) -> np.ndarray:
        """Return a text, or a row given by column, as the network takes it, masked before."""
        return self.inner.encode(self._masked(raw), notes)

    def encode_all(self, texts: Iterable[str]) -> np.ndarray:
        """Return the ids of texts: (N, length) int32."""
        return self.inner.encode_all(map(self.masker.text, texts))

    def stream(self, texts: Iterable[str]) -> np.ndarray:
        """Return the ids of all tokens of the texts, one text after the other: (L,) int32."""
        return self.inner.stream(map(self.masker.text, texts))

    def ids_of(self, text: str) -> np.ndarray:
        """Return the ids of all tokens of a text, and nothing around them: (L,) int32."""
        return self.inner.ids_of(self.masker.text(text))

    def split(self, text: str) -> Sequence[str]:
        """Return the tokens of a text."""
        return self.inner.split(self.masker.text(text))

    def pieces(self, text: str) -> list[tuple[str, int]]:
        """Return the text cut up, each piece with the id of its token."""
        return self.inner.pieces(self.masker.text(text))

    def tensor(self, batch: "Tensor") -> "Tensor":
        """Return encoded inputs as a network takes them."""
        return self.inner.tensor(batch)

    def to_plain(self) -> dict[str, Any]:
        """Return plain values that travel through JSON: those of the inner one, with the masker beside them."""
        return {**self.inner.to_plain(), "masking": self.masker.to_plain()}

    def _masked(self, raw: Any) -> Any:
        if isinstance(raw, str):
            return self.masker.text(raw)
        return self.masker.row(raw) if isinstance(raw, Mapping) else raw
