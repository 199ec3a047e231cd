"""Pruning: weights that matter least become zero while the others learn to do without them."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint, Settings


class Pruning(Settings):
    """How much of every layer is pruned, what a piece of it is, and when."""

    share: Annotated[
        float,
        Field(
            ge=0,
            le=0.95,
            title="Share pruned",
            description="How much of every layer becomes zero and stays so; 0 prunes nothing. The last layer keeps its "
            "outputs.",
        ),
    ] = 0.0
    structure: Annotated[
        Literal["unstructured", "structured"],
        Field(
            title="What is pruned",
            description="Single weights keep more of the accuracy; whole filters and units make the kept model smaller "
            "and faster where its architecture lets them be taken out (MLP, convolutional).",
        ),
        Hint(choices={"unstructured": "Single weights", "structured": "Whole filters and units"}),
    ] = "unstructured"
    begin: Annotated[
        float,
        Field(
            ge=0, le=1, title="Pruning begins", description="Part of the run after which the first weights are pruned."
        ),
        Hint(advanced=True),
    ] = 0.0
    end: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            title="Pruning ends",
            description="Part of the run after which the whole share is pruned, fast at first and slower towards the "
            "end; what is left of the run mends what was lost. The same as the beginning prunes all at once.",
        ),
        Hint(advanced=True),
    ] = 0.5

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "Pruning":
        if self.begin > self.end:
            error = UserError(
                "Pruning would end at {end} of the run, before it begins at {begin}.",
                hint="Let it begin earlier or end later.",
                begin=self.begin,
                end=self.end,
            )
            raise ValueErrorOf(error)
        return self
