"""Next token: which token follows, at every place of a text."""

from collections.abc import Mapping, Sequence
from math import log
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.tasks import Reduction, Task, Total, register

NOTHING = -100  # the target beyond the end of a text
_STRETCHES = 12  # of those that surprised most
_SHOWN = 48  # tokens of each of them
_POINTS = 128  # places for which the loss is told


@register
class NextToken(Task):
    """The network tells for each token of a text which one follows, from what came before it.

    Loss and perplexity are means over tokens; bits per character are comparable between tokenizers.

    goal: characters_per_token, in the text that is judged; context, tokens that the network reads at once.
    """

    name = "next_token"
    title = mark("Next token")
    metrics = ("perplexity", "bits_per_character")
    headline = "perplexity"
    streams = True

    def goal_for(self, dataset: Any, preprocessing: Any, settings: Any) -> dict[str, Any]:
        """Return how long tokens are, and how many are read at once; raises UserError when the text is too short."""
        context = preprocessing.inputs.shape[0]
        if preprocessing.inputs.vocabulary < 2:
            raise UserError("There is nothing in the training texts to make tokens of.", hint="Choose other texts.")
        found = {name: preprocessing.stream(dataset.splits[name].texts()) for name in ("training", "validation")}
        if len(found["training"]) <= context:
            raise UserError(
                "The training text has {tokens} tokens, and the network reads {context} at once.",
                hint="Give a longer text, or choose a context of fewer tokens.",
                tokens=f"{len(found['training']):,}",
                context=f"{context:,}",
            )
        judged = "validation" if len(found["validation"]) else "training"
        characters = sum(map(len, dataset.splits[judged].texts()))
        return {"characters_per_token": characters / len(found[judged]), "context": context}

    def outputs(self, count: int, inputs: Inputs) -> int:
        """Return the size of the vocabulary: a logit for each token, at every place."""
        return inputs.vocabulary

    def loss(
        self,
        outputs: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> Tensor:
        """Return cross-entropy over all places in float32: (n, T, vocabulary), (n, T)."""
        return cross_entropy(
            outputs.flatten(0, 1).float(),
            targets.flatten(),
            weight=weights,
            label_smoothing=label_smoothing,
            reduction=reduction,
            ignore_index=NOTHING,
        )

    def count(self, targets: Tensor) -> Tensor:
        """Return how many tokens are told."""
        return (targets != NOTHING).sum().clamp(min=1)

    def totals(
        self, chosen: Mapping[str, Total], outputs: Tensor, targets: Tensor, loss: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return what the batch adds to each metric; the losses of tokens, which all of them need, are made once."""
        if not set(chosen) <= set(self.metrics):
            return super().totals(chosen, outputs, targets)
        nats = self.loss(outputs, targets, reduction="sum") if loss is None else loss
        scale = {"bits_per_character": 1 / log(2) / self.goal.get("characters_per_token", 1.0)}
        return {name: nats * scale.get(name, 1.0) for name in chosen}

    def kept(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of every token, and which it was: (n, T) each."""
        losses = cross_entropy(outputs.flatten(0, 1).float(), targets.flatten(), reduction="none", ignore_index=NOTHING)
        return losses.view(targets.shape).cpu(), targets.cpu()

    def details(self, outputs: Tensor, targets: Tensor, labels: Sequence[str], names: Sequence[str]) -> dict[str, Any]:
        """Return the mean loss of each place, and the stretches that surprised most, as ids with their losses."""
        losses, ids = outputs.numpy(), targets.numpy()
        there = ids != NOTHING
        counts = there.sum(0)
        means = (losses * there).sum(0) / np.maximum(counts, 1)
        places = np.unique(np.linspace(0, len(means) - 1, _POINTS).astype(np.int64)) if len(means) else []
        return {
            "by_place": [[int(place) + 1, float(means[place])] for place in places if counts[place]],
            "surprising": self._surprising(losses, ids, there),
            "characters_per_token": float(self.goal.get("characters_per_token", 1.0)),
        }

    def _surprising(self, losses: np.ndarray, ids: np.ndarray, there: np.ndarray) -> list[dict[str, Any]]:
        found = []
        full = np.flatnonzero(there.sum(1) >= min(8, there.shape[1])) if len(ids) else []
        means = (losses * there).sum(1) / np.maximum(there.sum(1), 1)
        for row in sorted(map(int, full), key=lambda row: -means[row])[:_STRETCHES]:
            length = int(there[row].sum())
            begin = 0
            if length > _SHOWN:
                sums = np.convolve(losses[row, :length], np.ones(_SHOWN), "valid")
                begin = int(sums.argmax())
            end = min(begin + _SHOWN, length)
            found.append(
                {
                    "token": row * ids.shape[1] + begin + 1,
                    "loss": float(losses[row, begin:end].mean()),
                    "ids": ids[row, begin:end].tolist(),
                    "losses": [round(value, 4) for value in losses[row, begin:end].tolist()],
                }
            )
        return found

    def encoded(self, text: str, preprocessing: Any) -> np.ndarray:
        """Return the ids of the end of a text, as much of it as the network reads: (length,) int32.

        They are filled up with an id that differs from the last one, so that it is known where the text ends.
        """
        length = preprocessing.inputs.shape[0]
        ids = preprocessing.ids_of(text)[-(length - 1) :] if length > 1 else np.zeros(0, np.int32)
        row = np.full(length, 1 if len(ids) and ids[-1] == 0 else 0, np.int32)
        row[: len(ids)] = ids
        return row

    def predictions(self, outputs: Tensor, labels: Sequence[str], top: int = 5) -> list[dict[str, Any]]:
        """Return for each text the ids that are likeliest to follow its last place, with their scores."""
        return [self._likeliest(logits[-1], top) for logits in outputs]

    def answers(
        self, outputs: Tensor, inputs: Tensor, labels: Sequence[str], top: int, preprocessing: Any
    ) -> list[dict[str, Any]]:
        """Return for each text, as `encoded` gave it, the tokens that are likeliest to follow, with their scores."""
        found = []
        for logits, ids in zip(outputs, inputs, strict=True):
            read = (ids != ids[-1]).nonzero()
            place = int(read[-1]) if len(read) else 0
            guesses = self._likeliest(logits[place], top)["top"]
            named = [{"label": preprocessing.token(guess["id"]), "score": guess["score"]} for guess in guesses]
            found.append({"label": named[0]["label"], "score": named[0]["score"], "top": named})
        return found

    def _likeliest(self, logits: Tensor, top: int) -> dict[str, Any]:
        scores, ids = torch.softmax(logits.float(), dim=-1).topk(min(top, len(logits)))
        return {
            "top": [{"id": place, "score": score} for place, score in zip(ids.tolist(), scores.tolist(), strict=True)]
        }
