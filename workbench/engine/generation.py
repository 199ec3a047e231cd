"""Writing on for the window: a text is begun, and goes on by a few tokens a question."""

import math
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.core.run_folder import RunFolder
from workbench.core.words import to_plain
from workbench.engine._predictors import predictor_of
from workbench.inference.evaluation import kept_evaluation
from workbench.inference.generation import Writing
from workbench.inference.sampling import Sampling

_KEPT = 4  # texts that are being written
_SECONDS = 0.05  # of writing before the window hears of it
_texts: OrderedDict[int, Writing] = OrderedDict()
_numbers = iter(range(1, 2**62))


def begin(run: str, prompt: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Begin to write with the model of a run: {"number", "prompt_tokens", "notes"}; options: fields of Sampling."""
    plain = {**options, "stop": tuple(options.get("stop", ()))}
    writing = Writing(predictor_of(run), prompt, Sampling(**plain))
    number = next(_numbers)
    _texts[number] = writing
    while len(_texts) > _KEPT:
        _texts.popitem(last=False)
    notes = [to_plain(note) for note in writing.notes]
    return {"number": number, "prompt_tokens": writing.prompt_tokens, "notes": notes}


def more(number: int) -> dict[str, Any]:
    """Return the next tokens of the text with this number, and why it ended: "length", "stop", "end", or "" if not."""
    writing = _texts.get(number)
    if writing is None:  # others were begun since
        return {"tokens": [], "ended_by": "stop"}
    tokens: list[dict[str, Any]] = []
    begun = time.monotonic()
    for token in writing:
        tokens.append(token.to_plain())
        if time.monotonic() - begun > _SECONDS:
            return {"tokens": tokens, "ended_by": ""}
    del _texts[number]
    return {"tokens": tokens, "ended_by": writing.reason}


def stop(number: int) -> dict[str, Any]:
    """Forget the text with this number."""
    return {"known": _texts.pop(number, None) is not None}


def surprises(run: str) -> dict[str, Any]:
    """Return what the evaluation of a run keeps: on which split, its metrics, and the stretches that surprised most.

    Each stretch is a list of tokens with text and probability. Without an evaluation split is "".
    """
    folder = RunFolder(Path(run))
    for split in ("test", "validation"):
        found = kept_evaluation(folder, split)
        if found and found.get("surprising"):
            stretches = found["surprising"]
            texts = spelled(run, [stretch["ids"] for stretch in stretches])["texts"]
            return {
                "split": split,
                "metrics": found["metrics"],
                "stretches": [
                    [
                        {"text": text, "probability": math.exp(-loss)}
                        for text, loss in zip(written, stretch["losses"], strict=True)
                    ]
                    for written, stretch in zip(texts, stretches, strict=True)
                ],
            }
    return {"split": "", "metrics": {}, "stretches": []}


def spelled(run: str, stretches: Sequence[Sequence[int]]) -> dict[str, Any]:
    """Return how tokens are written, by the tokenizer of a run's model: {"texts": a list for each list of ids}."""
    preprocessing = predictor_of(run).preprocessing
    return {"texts": [[preprocessing.token(int(place)) for place in ids] for ids in stretches]}
