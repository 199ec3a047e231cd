"""Model: which architectures fit some data, and what a network is made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch

from workbench.architectures import architectures, best_for, build, task_of, why_not
from workbench.core.events import Event, Preparing
from workbench.core.registry import build_settings, kind_of
from workbench.core.settings import Settings
from workbench.core.signature import Inputs
from workbench.core.words import Words, to_plain
from workbench.networks.drawing import Block, drawing
from workbench.networks.outline import outline
from workbench.recipe import recipe_from
from workbench.tasks import tasks as all_tasks

_ASSUMED_LENGTH = 64  # tokens, until the training texts have said how long they are


def fits(inputs: Mapping[str, Any], tasks: Sequence[str] = ("classification",)) -> dict[str, Any]:
    """Return for every architecture which of the tasks it would learn from these inputs, or why it fits none.

    tasks: what the data pose, the natural one first. Each is {"task": name or "", "why": words or None}.
    """
    given = Inputs.from_plain(inputs)
    reasons = {kind: why_not(kind, given, tasks) for kind in architectures}
    return {
        kind: {"task": "" if reason else task_of(kind, tasks), "why": to_plain(reason) if reason else None}
        for kind, reason in reasons.items()
    }


def layers(
    architecture: Mapping[str, Any],
    inputs: Mapping[str, Any],
    outputs: int,
    tasks: Sequence[str] = ("classification",),
) -> dict[str, Any]:
    """Return the layers of a network in the order in which they work, its totals, and the blocks of its drawing.

    outputs: how many numbers tell the answer, as data.open says. tasks: what the data pose; the network is built for
    the first that it can learn.

    Each layer has name (words), kind, output (shape without the batch), parameters (counted where they are first
    used) and flops for one sample, where a multiplication and an addition count as two and only convolutions and
    matrix products count. Each block has kind, label (words) and shape. assumed: words that say what a text was taken
    for, when nobody has counted its tokens yet, else None. Nothing is computed: the network is built of shapes alone.
    Raises UserError when the settings are wrong or cannot take these inputs.
    """
    given = Inputs.from_plain(inputs)
    settings = build_settings(architectures, architecture, best_for(given.kind, tasks), "architecture")
    task = task_of(kind_of(settings), tasks) or tasks[0]
    known, assumed = _tokenised(given, settings)
    outputs = all_tasks[task].outputs(outputs, known)
    with torch.device("meta"):
        network = build(settings, known, outputs, task)
        number = torch.int64 if known.kind == "text" else torch.float32
        rows = outline(network, torch.empty((1, *known.shape), dtype=number))
    start = _STARTS[known.kind]
    return {
        "task": task,
        "inputs": known.to_plain(),
        "outputs": outputs,
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "flops": sum(row.flops for row in rows),
        "layers": [
            {
                "name": to_plain(row.name),
                "kind": row.kind,
                "output": list(row.output),
                "parameters": row.parameters,
                "flops": row.flops,
            }
            for row in rows
        ],
        "drawing": [
            {"kind": block.kind, "label": to_plain(block.label), "shape": list(block.shape)}
            for block in (Block("input", start, known.shape), *drawing(rows))
        ],
        "assumed": to_plain(assumed) if assumed else None,
    }


_STARTS = {"image": Words("image"), "text": Words("text"), "table": Words("row"), "series": Words("series")}


def _tokenised(inputs: Inputs, settings: Settings) -> tuple[Inputs, Words | None]:
    """Return inputs with a shape and a vocabulary, and in words what was assumed for it, if anything was."""
    own = getattr(settings, "own_inputs", None)
    if own is not None:
        return own(inputs), None
    if inputs.kind != "text" or (inputs.shape and inputs.vocabulary):
        return inputs, None
    wanted = getattr(settings, "length", "auto")
    length = inputs.shape[0] if inputs.shape else wanted if isinstance(wanted, int) else _ASSUMED_LENGTH
    vocabulary = inputs.vocabulary or getattr(settings, "vocabulary", 0)
    words = Words(
        "Counted for {length} tokens out of {vocabulary}; the training texts decide.",
        {"length": length, "vocabulary": f"{vocabulary:,}"},
    )
    return Inputs("text", (length,), vocabulary), words


def measure(progress: Callable[..., None], recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Return what training this recipe costs on this machine, from two real steps.

    memory in bytes, seconds_per_step, seconds_per_epoch, samples_per_second, and the device. Raises UserError when the
    recipe cannot be trained, or the memory is not enough.
    """
    from workbench.training.explaining import explained  # what shows a network needs no trainer
    from workbench.training.measuring import measure as measured

    try:
        return asdict(measured(recipe_from(recipe), _telling(progress)))
    except (RuntimeError, MemoryError) as error:
        raise explained(error) from error


def tune(progress: Callable[..., None], recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Try which settings train this recipe fastest on this machine, and keep them for later runs that leave them open.

    Returns settings (those that are kept, {} where nothing helps), named (they in words), and ratio: how many times as
    fast a whole run is with them. Raises UserError when the recipe cannot be trained.
    """
    from workbench.training.explaining import explained
    from workbench.training.tuning import named
    from workbench.training.tuning import tune as tried_one_by_one

    settings, ratio = {}, 1.0
    try:
        for tried in tried_one_by_one(recipe_from(recipe), _telling(progress)):
            if tried.is_chosen:
                settings, ratio = dict(tried.settings), tried.ratio
            elif tried.confirms:
                settings, ratio = {}, 1.0
            if tried.settings and not tried.wrong:
                words = Words(
                    "{settings}: {ratio} times as fast",
                    {"settings": named(tried.settings), "ratio": f"{tried.ratio:.2f}"},
                )
                progress(words, 0, 0)
    except (RuntimeError, MemoryError) as error:
        raise explained(error) from error
    return {"settings": settings, "named": to_plain(named(settings)), "ratio": ratio}


def _telling(progress: Callable[..., None]) -> Callable[[Event], None]:
    """Return what passes on how far the data and the measurement are."""

    def report(event: Event) -> None:
        if isinstance(event, Preparing):
            progress(event.stage, event.done, event.total)

    return report
