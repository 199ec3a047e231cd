"""How many processes train a run together, and what each of them holds."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.core.errors import UserError
from workbench.core.settings import Hint, Settings


class Processes(Settings):
    """Several processes on this machine share each batch; on more machines, `workbench launch` says how."""

    count: Annotated[
        Annotated[int, Field(ge=1, le=100_000)] | Literal["all"],
        Field(
            title="Processes",
            description="How many share each batch on this machine, each with a GPU of its own where there are any. "
            "All takes every GPU.",
        ),
        Hint(adjustable=True, choices={"all": "All GPUs"}),
    ] = 1
    sharding: Annotated[
        Literal["none", "weights"],
        Field(
            title="Sharding",
            description="Weights lets each process hold a part of the weights and of the optimizer alone, for networks "
            "that do not fit into one GPU.",
        ),
        Hint(adjustable=True, choices={"none": "None", "weights": "Weights"}),
    ] = "none"
    restarts: Annotated[
        int,
        Field(
            ge=0,
            le=1000,
            title="Restarts",
            description="How often all are started again from the last checkpoint when one of them dies.",
        ),
        Hint(adjustable=True),
    ] = 3


def unfitting(training: Any) -> Iterator[UserError]:
    """Yield an error for each setting of a Training that several processes, or weights in parts, cannot follow."""
    several, sharded = training.processes.count != 1, training.processes.sharding == "weights"
    if several and training.runs_in == "worker thread":
        yield UserError(
            "Several processes cannot run in a thread of the window.", hint="Let it run in its own process."
        )
    if several and ":" in training.device:
        yield UserError(
            "Several processes take one GPU each, and {device} is a single one.",
            hint="Choose automatic or cuda as the device.",
            device=training.device,
        )
    size, count = training.batch_size, training.processes.count
    if several and isinstance(size, int) and isinstance(count, int) and size < count:
        yield UserError(
            "{processes} processes cannot share a batch of {size}.",
            hint="Choose a larger batch size, or fewer processes.",
            processes=count,
            size=size,
        )
    if sharded and training.ema:
        yield UserError(
            "Averaged weights cannot be sharded.", hint="Set the weight averaging to 0, or choose no sharding."
        )
    if sharded and training.precision == "float16":
        yield UserError("Sharded weights cannot be trained in float16.", hint="Choose bfloat16 or float32.")
    if sharded and training.optimizer.kind == "muon":
        yield UserError("Muon needs whole weights.", hint="Choose another optimizer, or no sharding.")
    if sharded and training.pruning.share:
        yield UserError("Sharded weights cannot be pruned.", hint="Set the share pruned to 0, or choose no sharding.")
