"""Private training: how little a model may tell of any single sample that it was trained on."""

from typing import Annotated, Literal

from pydantic import Field

from workbench.core.settings import Hint, Settings


class Privacy(Settings):
    """Differentially private training by DP-SGD (Abadi et al. 2016).

    Each sample's own gradient is cut to a largest norm and noise is added to their sum, so that what was learned
    hardly depends on any one of them. How much it may depend is ε, with a probability δ that it does more.
    """

    on: Annotated[
        bool,
        Field(
            title="Train privately",
            description="Cuts the gradient of every sample and adds noise, so that the model tells hardly anything "
            "about any one of them. Slower, and less often right.",
        ),
    ] = False
    epsilon: Annotated[
        float,
        Field(
            gt=0,
            le=100,
            title="Privacy budget ε",
            description="How much the model may tell of a sample: below 1 is strong, about 8 is usual, 100 is next to "
            "nothing. Training ends before it would be more.",
        ),
        Hint(adjustable=True, log=True),
    ] = 8.0
    delta: Annotated[
        Annotated[float, Field(gt=0, lt=1)] | Literal["auto"],
        Field(
            title="Probability δ",
            description="How likely it may be that ε does not hold for a sample. Automatic is 1 divided by ten times "
            "the number of samples.",
        ),
        Hint(log=True, choices={"auto": "Automatic"}),
    ] = "auto"
    noise: Annotated[
        Annotated[float, Field(ge=0.3, le=1000)] | Literal["auto"],
        Field(
            title="Noise",
            description="Deviation of the noise, as a multiple of the largest norm of a sample's gradient. Automatic "
            "is as much as all epochs need to end at the budget.",
        ),
        Hint(log=True, choices={"auto": "Automatic"}),
    ] = "auto"
    clip: Annotated[
        float,
        Field(
            gt=0,
            le=1e6,
            title="Largest gradient",
            description="The norm to which the gradient of each sample is cut. Smaller means less noise, and more that "
            "is cut off.",
        ),
        Hint(log=True),
    ] = 1.0
    accountant: Annotated[
        Literal["prv", "rdp"],
        Field(
            title="Accountant",
            description="How ε is computed: PRV is tight, RDP is quicker and says a little more than was spent.",
        ),
        Hint(advanced=True, choices={"prv": "PRV", "rdp": "RDP"}),
    ] = "prv"
    chance: Annotated[
        Literal["secret", "seed"],
        Field(
            title="Noise from",
            description="A secret key that only the checkpoints of the run hold, or the seed, so that another run can "
            "repeat it: then whoever knows the seed can take the noise away again. Neither is proof against breaking "
            "the random numbers themselves.",
        ),
        Hint(advanced=True, choices={"secret": "A secret key", "seed": "The seed, to repeat it"}),
    ] = "secret"
