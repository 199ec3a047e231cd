"""A trained model in another number format: a run of its own, judged as the one it was made of."""

import math
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import Tensor

from workbench.core.compressed import FULL
from workbench.core.errors import UserError
from workbench.core.events import Finished, ModelSaved, Started
from workbench.core.files import unwritable, write_atomically
from workbench.core.locked_run import require_plain
from workbench.core.run_folder import RunFolder, new_run
from workbench.core.run_writer import RunWriter
from workbench.core.settings import nearest
from workbench.core.words import Words, tr
from workbench.inference.evaluation import evaluate_run
from workbench.inference.model_folder import Model, model_of, read_model
from workbench.networks.number_formats import FORMATS, narrowed, share
from workbench.recipe import read_recipe, title_of
from workbench.training.environment import environment, this_process
from workbench.training.model_folder import save_model


def compress(
    run: RunFolder, kind: str, *, data: str = "", device: str = "cpu", progress: Callable[..., None] = lambda *_: None
) -> RunFolder:
    """Make a new run beside `run`, whose model has the weights of its best one in the number format `kind`.

    It is evaluated on the validation and the test split like any other. data: where they lie now, if they moved.
    Raises UserError when there is no such format, the run is encrypted or compressed, or the data are not there.
    """
    if kind not in FORMATS:
        raise UserError(
            "There is no number format {name}.",
            hint="Choose one of {known}.",
            name=kind,
            near=nearest(kind, FORMATS),
            known=", ".join(FORMATS),
        )
    require_plain(run)
    progress(Words("Reading the model"), 0, 0)
    model = read_model(model_of(run), as_float32=True)
    if model.number_format != FULL:
        raise UserError(
            "{run} is compressed already, to {format}.",
            hint="Compress the run that it was made of.",
            run=run.name,
            format=model.number_format,
        )
    # Made where nobody looks for runs: a window would take it for one that trains, since its lock is held.
    try:
        aside = Path(tempfile.mkdtemp(prefix=".compressing-", dir=run.path.parent))
    except OSError as error:
        raise unwritable(run.path.parent, error) from error
    try:
        made = _made(run, aside, model, kind, data, device, progress)
        return RunFolder(made.path.rename(run.path.parent / made.name))
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _made(
    run: RunFolder, aside: Path, model: Model, kind: str, data: str, device: str, progress: Callable[..., None]
) -> RunFolder:
    """Return the run, made in the folder `aside`."""
    recipe = run.recipe if run.recipe.is_file() else run.asked
    text = recipe.read_text(encoding="utf-8")
    notes = run.notes()
    note = tr("{run} with its weights in {format}.", run=notes["name"] or run.name, format=tr(FORMATS[kind].title))
    moved = {name: value for name, value in notes.items() if name not in ("name", "tags", "note")}
    made = new_run(
        aside,
        f"{title_of(read_recipe(recipe))}-{kind}",
        text,
        {**moved, "note": note, "tags": [*notes["tags"], kind]},
    )
    write_atomically(made.recipe, text)
    _write(run, made, model, kind, data, device, progress)
    return made


def _write(
    run: RunFolder, made: RunFolder, model: Model, kind: str, data: str, device: str, progress: Callable[..., None]
) -> None:
    """Write the attempt: a model at the step of the original, and how good it is."""
    begun = time.monotonic()
    step, epoch = (int(model.description.get(name, 0)) for name in ("step", "epoch"))
    progress(Words("Compressing"), 0, 0)
    weights = kept_as(model, kind)
    described = {
        name: value for name, value in model.description.items() if name not in ("aliases", "step", "metrics")
    }  # fmt: skip
    described |= {"number_format": kind, "narrow_share": share(weights, kind), "made_of": run.name}
    with RunWriter(made) as writer:
        writer.write_environment(environment())
        writer.write(
            Started(
                attempt=writer.attempt,
                step=step,
                epoch=epoch,
                epochs=epoch,
                steps_per_epoch=0,
                total_steps=step,
                samples=0,
                parameters=sum(parameter.numel() for parameter in model.network.parameters()),
                device=device,
                **this_process(),
            )
        )
        save_model(made, writer.attempt, step, weights=weights, description=described, best=True)
        metrics = evaluate_run(made, data=data, device=device, progress=progress)["metrics"]
        name = save_model(
            made, writer.attempt, step, weights=weights, description={**described, "metrics": metrics}, best=True
        )
        writer.write(ModelSaved(name, step, epoch, True, metrics))
        writer.write(Finished(step, epoch, time.monotonic() - begun, metrics))


def kept_as(model: Model, kind: str) -> dict[str, Tensor]:
    """Return the weights of a model in the format `kind`; raises UserError when they are too large for it."""
    weights: dict[str, Any] = narrowed(model.network.state_dict(), kind)
    largest = max((float(tensor.float().abs().max()) for tensor in weights.values() if tensor.numel()), default=0.0)
    if not math.isfinite(largest):
        raise UserError(
            "Some weights are too large for {format}.", hint="Choose bfloat16 or int8.", format=FORMATS[kind].title
        )
    return weights
