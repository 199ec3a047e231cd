"""Masked token: which tokens of a text were hidden (Devlin et al. 2018, BERT)."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor
from torch.nn.functional import cross_entropy

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.core.words import mark
from workbench.tasks import Reduction, Task, register

_core: Any = torch._C  # which does not declare what it holds
NOTHING = -100  # the target of a token that was not hidden
_SHARE = 0.15  # of the tokens of a text that are to be guessed
_MASKED, _RANDOM = 0.8, 0.1  # of those: shown as the mask, shown as any token; the others are shown as they are


@register
class MaskedToken(Task):
    """Some tokens of a text are hidden, and the network tells for each place which token stands there.

    Of every text 15 % of the tokens are to be guessed, at least one: 80 % of them are replaced by the mask, 10 % by a
    random token, 10 % are left as they are (Devlin et al. 2018, section 3.1 and appendix A.1). In training they are
    drawn anew for every batch; in judging they follow from the text itself, so that equal texts are masked equally
    whatever they are batched with.

    goal: mask, its id; special, ids that are never hidden and never put in; vocabulary, the number of ids; separator,
    before and after, the ids around a text; next_sentence, whether the network also tells if the second half of a text
    follows the first (appendix A.2). Then ids of the second half are shifted up by `vocabulary`, which tells the
    network the segment, and the outputs have one more place whose first two entries are the logits of "follows" (0)
    and "does not" (1).
    """

    name = "masked_token"
    title = mark("Masked token")
    metrics = ("masked_accuracy",)
    headline = "masked_accuracy"
    streams = True
    framed = True
    draws = True

    def goal_for(self, dataset: Any, preprocessing: Any, settings: Any) -> dict[str, Any]:
        """Return the ids that masking needs; raises UserError when the tokenizer has no mask."""
        ids: dict[str, int] = dict(preprocessing.special)
        if "mask" not in ids:
            raise UserError(
                "The tokenizer has no token that hides another one.", hint="Choose other tokens, such as WordPiece."
            )
        wanted = bool(getattr(settings, "next_sentence", False))
        if wanted and "sep" not in ids:
            raise UserError(
                "The tokenizer has no token that stands between two sentences.",
                hint="Choose WordPiece for the tokens, or learn without the next sentence.",
            )
        before, after = preprocessing.frame
        return {
            "mask": ids["mask"],
            "special": sorted(set(ids.values())),
            "vocabulary": preprocessing.inputs.vocabulary,
            "separator": ids.get("sep", -1),
            "before": len(before),
            "after": len(after),
            "next_sentence": wanted,
        }

    def outputs(self, count: int, inputs: Inputs) -> int:
        """Return the size of the vocabulary: a logit for each token, at every place."""
        return inputs.vocabulary

    def prepare(
        self, inputs: Tensor, targets: Tensor, generator: Generator, *, training: bool
    ) -> tuple[Tensor, Tensor]:
        """Return ids with some hidden, and what they were: (n, T) int64, (n, T) int64 with -100 at the other places.

        With the next sentence: targets (n, T + 1), the last of which is 0 where it follows and 1 where it does not.
        """
        sentences = None
        if self.goal["next_sentence"]:
            inputs, sentences = self._paired(inputs, generator, training)
        chance = _Drawn(generator) if training else _Derived(inputs)
        chosen = _chosen(chance.of(inputs), self._ordinary(inputs))
        targets = torch.where(chosen, inputs, NOTHING)
        kind = chance.of(inputs)
        ordinary = self._ordinary_ids(inputs.device)
        random = ordinary[(chance.of(inputs) * len(ordinary)).long().clamp(max=len(ordinary) - 1)]
        hidden = torch.where(kind < _MASKED, self.goal["mask"], torch.where(kind < _MASKED + _RANDOM, random, inputs))
        masked = torch.where(chosen, hidden, inputs)
        if sentences is not None:
            masked = masked + self._second(masked) * self.goal["vocabulary"]
            targets = torch.cat([targets, sentences[:, None]], dim=1)
        return masked, targets

    def loss(
        self,
        outputs: Tensor,
        targets: Tensor,
        *,
        weights: Tensor | None = None,
        label_smoothing: float = 0.0,
        reduction: Reduction = "mean",
    ) -> Tensor:
        """Return cross-entropy of the hidden tokens in float32, with that of the next sentence added to its mean.

        outputs (n, T, vocabulary), targets (n, T); (n, T + 1, …) each with the next sentence.
        """
        logits, tokens = self.natural(outputs, targets)
        logits, tokens = logits.flatten(0, 1), tokens.flatten()
        # Elsewhere, counting the places would wait for the device; of a sample alone their number cannot be asked for.
        if logits.device.type == "cpu" and not _core._functorch.is_functorch_wrapped_tensor(logits):
            there = tokens != NOTHING
            logits, tokens = logits[there], tokens[there]
        total = cross_entropy(
            logits.float(),
            tokens,
            weight=weights,
            label_smoothing=label_smoothing,
            reduction="sum",
            ignore_index=NOTHING,
        )
        count = self.count(targets)
        if self.goal.get("next_sentence"):
            total = total + count * cross_entropy(outputs[:, -1, :2].float(), targets[:, -1])
        return total / count if reduction == "mean" else total

    def count(self, targets: Tensor) -> Tensor:
        """Return how many tokens are hidden."""
        _, tokens = self.natural(targets, targets)
        return (tokens != NOTHING).sum().clamp(min=1)

    def natural(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs and targets of the tokens, without the place of the next sentence."""
        return (outputs[:, :-1], targets[:, :-1]) if self.goal.get("next_sentence") else (outputs, targets)

    def kept(self, outputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Return nothing: what an evaluation says of tokens are its metrics."""
        return outputs.new_zeros((len(outputs), 0)), targets.new_zeros((len(targets), 0))

    def predictions(self, outputs: Tensor, labels: Sequence[str], top: int = 5) -> list[dict[str, Any]]:
        """Return for each text the ids that are likeliest at every place, with their scores, best first.

        places: (T, top) lists of {"id", "score"}; what they mean as tokens is for the preprocessing to say.
        """
        logits, _ = self.natural(outputs, outputs)
        scores, ids = torch.softmax(logits.float(), dim=-1).topk(min(top, logits.shape[-1]), dim=-1)
        return [
            {
                "places": [
                    [{"id": token, "score": score} for token, score in zip(*place, strict=True)]
                    for place in zip(*text, strict=True)
                ]
            }
            for text in zip(ids.tolist(), scores.tolist(), strict=True)
        ]

    def answers(
        self, outputs: Tensor, inputs: Tensor, labels: Sequence[str], top: int, preprocessing: Any
    ) -> list[dict[str, Any]]:
        """Return for each text masks, the `top` candidates of each mask, and tokens, what stands at every other place.

        masks: lists of {"label", "score"}, best first. tokens: {"token", "label", "score"}: the token that stands
        there, the one that the model would put there, and its score; a mask is among them with token "". label: the
        best candidates of the masks, and score the lowest of theirs; without a mask those of the tokens.
        """
        logits, _ = self.natural(outputs, outputs)
        scores, ids = torch.softmax(logits.float(), dim=-1).topk(min(top, logits.shape[-1]), dim=-1)
        ordinary = self._ordinary(inputs)
        found = []
        for row in range(len(inputs)):
            masks, tokens = [], []
            for place, token in enumerate(inputs[row].tolist()):
                masked = token == self.goal["mask"]
                if not masked and not ordinary[row, place]:
                    continue
                pairs = zip(ids[row, place].tolist(), scores[row, place].tolist(), strict=True)
                best = [{"label": preprocessing.token(guess), "score": score} for guess, score in pairs]
                tokens.append({"token": "" if masked else preprocessing.token(token), **best[0]})
                if masked:
                    masks.append(best)
            told = [candidates[0] for candidates in masks] or tokens
            label = " ".join(str(guess["label"]) for guess in told)
            lowest = min((float(guess["score"]) for guess in told), default=0.0)
            found.append({"label": label, "score": lowest, "masks": masks, "tokens": tokens})
        return found

    def _ordinary(self, ids: Tensor) -> Tensor:
        special = torch.tensor(self.goal["special"], device=ids.device)
        return ~torch.isin(ids, special)

    def _ordinary_ids(self, device: torch.device) -> Tensor:
        ids = torch.arange(self.goal["vocabulary"], device=device)
        return ids[self._ordinary(ids)] if device.type == "cpu" else self._kept_ids(device)

    def _kept_ids(self, device: torch.device) -> Tensor:
        """Return the ordinary ids as they were put on the device once: to make them there waits for it."""
        kept = vars(self).setdefault("_ids", {})
        if device not in kept:
            kept[device] = self._ordinary_ids(torch.device("cpu")).to(device)
        return kept[device]

    def _paired(self, ids: Tensor, generator: Generator, training: bool) -> tuple[Tensor, Tensor]:
        """Return texts in two halves with a separator between them, and 1 where the second is of another text."""
        before, after = self.goal["before"], self.goal["after"]
        inner = ids[:, before : ids.shape[1] - after]
        half = inner.shape[1] // 2
        if len(ids) < 2 or inner.shape[1] < 3:
            foreign = torch.zeros(len(ids), dtype=torch.int64, device=ids.device)
        elif training:
            foreign = (_Drawn(generator).of(ids[:, 0]) < 0.5).long()
        else:
            foreign = (_Derived(ids).of(ids)[:, 0] < 0.5).long()
        second = torch.where(foreign[:, None] == 1, inner.roll(1, 0), inner)[:, half : inner.shape[1] - 1]
        between = ids.new_full((len(ids), 1), self.goal["separator"])
        parts = [ids[:, :before], inner[:, :half], between, second, ids[:, ids.shape[1] - after :]]
        return torch.cat(parts, dim=1), foreign

    def _second(self, ids: Tensor) -> Tensor:
        """Return 1 for what stands after the first separator, padding left out: (n, T)."""
        ends = (ids == self.goal["separator"]).long()
        return ((ends.cumsum(1) - ends > 0) & (ids != 0)).long()


class _Drawn:
    """Numbers in 0…1 from a generator."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def of(self, ids: Tensor) -> Tensor:
        drawn = torch.rand(ids.shape, generator=self.generator, device=self.generator.device)
        return drawn.to(ids.device)


class _Derived:
    """Numbers in 0…1 that follow from a text alone: a mix of its ids and of the place (splitmix64, Steele et al.)."""

    def __init__(self, ids: Tensor) -> None:
        places = torch.arange(ids.shape[1], device=ids.device)
        text = _mixed(ids * 0x9E3779B97F4A7C1 + places).sum(1, keepdim=True)
        self.state = _mixed(text + places * 0x632BE59BD9B4E01)

    def of(self, ids: Tensor) -> Tensor:
        self.state = _mixed(self.state + 0x1E3779B97F4A7C15)
        return (self.state & 0xFFFFFF).float() / 0x1000000


def _mixed(values: Tensor) -> Tensor:
    """Return 64-bit integers whose bits all depend on all bits of the given ones; products wrap around."""
    for shift, factor in ((30, -0x40A7B892E31B1A47), (27, -0x6B2FB644ECCEEE15)):
        values = (values ^ ((values >> shift) & ((1 << (64 - shift)) - 1))) * factor
    return values ^ ((values >> 31) & 0x1FFFFFFFF)


def _chosen(scores: Tensor, possible: Tensor) -> Tensor:
    """Return where the tokens to be guessed are: 15 % of what is possible in each text, at least one where one is."""
    possible_count = possible.sum(1, keepdim=True)
    wanted = (possible_count * _SHARE).round().clamp(min=1).minimum(possible_count)
    ranks = torch.where(possible, scores, 2.0).argsort(dim=1).argsort(dim=1)
    return ranks < wanted
