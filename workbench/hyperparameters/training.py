"""The settings of a training that belong to no subject of their own."""

from typing import Annotated, Literal

from pydantic import Field, SerializeAsAny, model_validator

from workbench.core.registry import ChosenFrom, ValueErrorOf
from workbench.core.settings import Hint, Settings
from workbench.hyperparameters.privacy import Privacy
from workbench.hyperparameters.processes import Processes, unfitting
from workbench.hyperparameters.pruning import Pruning
from workbench.hyperparameters.tracking import Tracking
from workbench.optimizers import OptimizerSettings, optimizers
from workbench.schedules import schedules


class Training(Settings):
    """How the weights are found."""

    epochs: Annotated[
        int,
        Field(ge=1, le=100_000, title="Epochs", description="How often the network sees every training sample."),
        Hint(adjustable=True, scripted=True),
    ] = 10
    batch_size: Annotated[
        Annotated[int, Field(ge=1, le=1_000_000)] | Literal["all"],
        Field(
            title="Batch size",
            description="Samples per step. Larger is smoother and faster on a GPU; all is one step per epoch.",
        ),
        Hint(scripted=True, choices={"all": "All"}),
    ] = 64
    optimizer: Annotated[
        SerializeAsAny[OptimizerSettings],
        ChosenFrom(optimizers, "adamw", "training.optimizer"),
        Field(title="Optimizer", description="How a gradient becomes a step."),
        Hint(scripted=True),
    ] = Field(default_factory=lambda: optimizers["adamw"].settings.model_validate({}))
    schedule: Annotated[
        SerializeAsAny[Settings],
        ChosenFrom(schedules, "cosine", "training.schedule"),
        Field(title="Schedule", description="How the learning rate changes over the run."),
        Hint(scripted=True),
    ] = Field(default_factory=lambda: schedules["cosine"].settings.model_validate({}))
    loss: Annotated[
        Literal["auto", "mse", "mae", "huber"],
        Field(
            title="Loss",
            description="What is made small when numbers are predicted: squared errors, absolute ones, or Huber's, "
            "which bothers less about outliers. Automatic takes what the task is known for.",
        ),
        Hint(
            scripted=True,
            advanced=True,
            choices={"auto": "Automatic", "mse": "Squared error", "mae": "Absolute error", "huber": "Huber"},
        ),
    ] = "auto"
    steps: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000_000,
            title="Steps",
            description="Train exactly so many steps, however many epochs they are; 0 lets the epochs decide.",
        ),
        Hint(adjustable=True, scripted=True, advanced=True),
    ] = 0
    start_from: Annotated[
        str,
        Field(
            title="Start from",
            description="Weights to begin with: a run, a .safetensors or .pth file, or a folder of transformers. "
            "Empty begins with fresh ones.",
        ),
        Hint(scripted=True, advanced=True, chooser="path"),
    ] = ""
    freeze: Annotated[
        str,
        Field(
            title="Freeze up to",
            description="The layer up to which weights stay as they are, by its name in the network; none trains all.",
        ),
        Hint(scripted=True, advanced=True, choices={"none": "None"}),
    ] = "none"
    teacher: Annotated[
        str,
        Field(
            title="Teacher",
            description="A run whose model this network learns from, beside the labels: distillation. Empty is none.",
        ),
        Hint(advanced=True, chooser="path"),
    ] = ""
    teacher_share: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            title="Share of the teacher",
            description="How much of the loss is the distance from what the teacher says; the rest is that of the "
            "labels.",
        ),
        Hint(scripted=True, advanced=True),
    ] = 0.7
    teacher_temperature: Annotated[
        float,
        Field(
            ge=0.1,
            le=100,
            title="Temperature of the teacher",
            description="Above 1, the teacher's second and third guesses count for more.",
        ),
        Hint(scripted=True, advanced=True),
    ] = 4.0
    pruning: Annotated[
        Pruning,
        Field(
            title="Pruning",
            description="Sets the weights that matter least to zero while training goes on, for a smaller model.",
        ),
        Hint(advanced=True),
    ] = Pruning()
    seed: Annotated[
        int,
        Field(ge=0, lt=2**32, title="Seed", description="The same seed gives the same weights, order and result."),
        Hint(scripted=True),
    ] = 0
    device: Annotated[
        str,
        Field(
            pattern=r"^(auto|cpu|mps|(cuda|xpu)(:\d+)?)$",
            title="Device",
            description="What computes. Automatic takes a GPU when there is one that works.",
        ),
        Hint(scripted=True),
    ] = "auto"
    runs_in: Annotated[
        Literal["own process", "worker thread"],
        Field(
            title="Runs in",
            description="A process of its own survives the window and its crashes; "
            "a worker thread ends with the window.",
        ),
        Hint(adjustable=True, scripted=True, choices={"own process": "Own process", "worker thread": "Worker thread"}),
    ] = "own process"
    patience: Annotated[
        int,
        Field(
            ge=0,
            le=10_000,
            title="Patience",
            description="Stop after so many epochs without a better validation loss; 0 never stops early.",
        ),
        Hint(adjustable=True, scripted=True),
    ] = 0
    target_metric: Annotated[
        str,
        Field(
            title="Target metric",
            description="Stop when this metric of the validation split reaches the target: accuracy, loss or another; "
            "none does not stop for it.",
        ),
        Hint(adjustable=True, scripted=True, advanced=True, choices={"none": "None"}),
    ] = "none"
    target_value: Annotated[
        float,
        Field(title="Target value", description="The value of the target metric at which training stops."),
        Hint(adjustable=True, scripted=True, advanced=True),
    ] = 0.0
    keep_best: Annotated[
        Literal["metric", "loss"],
        Field(
            title="Best model by", description="What decides which epoch gave the best model on the validation split."
        ),
        Hint(scripted=True, advanced=True, choices={"metric": "Metric", "loss": "Loss"}),
    ] = "metric"
    label_smoothing: Annotated[
        float,
        Field(ge=0, lt=1, title="Label smoothing", description="Part of each target that is spread over all classes."),
        Hint(scripted=True, advanced=True),
    ] = 0.0
    class_weights: Annotated[
        Literal["none", "balanced"],
        Field(
            title="Class weights",
            description="Balanced gives rare classes more weight, so that all count the same.",
        ),
        Hint(scripted=True, advanced=True, choices={"none": "None", "balanced": "Balanced"}),
    ] = "none"
    gradient_clip: Annotated[
        float,
        Field(
            ge=0,
            le=1e6,
            title="Gradient clipping",
            description="Largest norm of a gradient; longer ones are cut. 0 is off.",
        ),
        Hint(scripted=True, advanced=True),
    ] = 0.0
    accumulation: Annotated[
        int,
        Field(
            ge=1,
            le=10_000,
            title="Accumulation",
            description="Batches whose gradients are added up for one step, "
            "to train with large batches in little memory.",
        ),
        Hint(scripted=True, advanced=True),
    ] = 1
    ema: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            title="Weight averaging",
            description="Decay of a moving average of the weights, such as 0.999, "
            "that is validated and kept. 0 is off.",
        ),
        Hint(scripted=True, advanced=True),
    ] = 0.0
    privacy: Annotated[
        Privacy,
        Field(title="Privacy", description="Whether the model may tell of single samples that it was trained on."),
        Hint(advanced=True),
    ] = Privacy()
    test_time_augmentation: Annotated[
        Literal["none", "mirror", "mirror and shift"],
        Field(
            title="Test-time augmentation",
            description="Judges and predicts by the mean over changed copies of a picture: "
            "more often right, and as many times slower.",
        ),
        Hint(
            scripted=True,
            advanced=True,
            choices={
                "none": "None",
                "mirror": "With the mirror image",
                "mirror and shift": "With the mirror image, both also shifted",
            },
        ),
    ] = "none"
    group_lengths: Annotated[
        bool,
        Field(
            title="Group by length",
            description="Lets texts of similar length meet in a batch, so that less padding is computed.",
        ),
        Hint(scripted=True, advanced=True),
    ] = False
    precision: Annotated[
        Literal["auto", "float32", "bfloat16", "float16"],
        Field(
            title="Number format",
            description="Numbers used in the network; the short ones are faster where the device has them.",
        ),
        Hint(
            scripted=True,
            advanced=True,
            choices={"auto": "Automatic", "float32": "float32", "bfloat16": "bfloat16", "float16": "float16"},
        ),
    ] = "auto"
    memory_layout: Annotated[
        Literal["auto", "contiguous", "channels_last"],
        Field(
            title="Memory layout",
            description="Order of image tensors in memory; channels last is faster for convolutions.",
        ),
        Hint(
            scripted=True,
            advanced=True,
            choices={"auto": "Automatic", "contiguous": "Contiguous", "channels_last": "Channels last"},
        ),
    ] = "auto"
    compile: Annotated[
        Literal["auto", "on", "off"],
        Field(
            title="Compile",
            description="Let torch.compile fuse kernels: a slow start, then faster steps.",
        ),
        Hint(scripted=True, advanced=True, choices={"auto": "Automatic", "on": "On", "off": "Off"}),
    ] = "auto"
    cuda_graphs: Annotated[
        Literal["auto", "on", "off"],
        Field(
            title="CUDA graphs",
            description="Record a step once and replay it, so that an NVIDIA GPU never waits for the program.",
        ),
        Hint(scripted=True, advanced=True, choices={"auto": "Automatic", "on": "On", "off": "Off"}),
    ] = "auto"
    threads: Annotated[
        Annotated[int, Field(ge=1, le=1024)] | Literal["auto"],
        Field(title="Threads", description="CPU threads for the computation; automatic follows the size of the work."),
        Hint(scripted=True, advanced=True, choices={"auto": "Automatic"}),
    ] = "auto"
    speed: Annotated[
        Literal["fast", "plain"],
        Field(
            title="Speed", description="Fast takes the quickest settings known to be correct; plain takes none of them."
        ),
        Hint(scripted=True, advanced=True, choices={"fast": "Fast", "plain": "Plain"}),
    ] = "fast"
    event_files: Annotated[
        bool,
        Field(
            title="TensorBoard files",
            description="Writes the curves as TensorBoard's event files too, for dashboards that read these.",
        ),
        Hint(scripted=True, advanced=True),
    ] = False
    tracking: Annotated[
        Tracking,
        Field(title="MLflow", description="Logs the run to a server or folder of MLflow, too."),
        Hint(scripted=True, advanced=True),
    ] = Tracking()
    checkpoint_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=86_400,
            title="Checkpoint every",
            description="Time between checkpoints that training can go on from.",
        ),
        Hint(scripted=True, advanced=True, unit="s"),
    ] = 60.0
    processes: Annotated[
        Processes,
        Field(title="Several processes", description="Share each batch among GPUs, or among processes on the CPU."),
        Hint(advanced=True),
    ] = Processes()

    @model_validator(mode="after")
    def _several_processes_can_do_it(self) -> "Training":
        for error in unfitting(self):
            raise ValueErrorOf(error)
        return self
