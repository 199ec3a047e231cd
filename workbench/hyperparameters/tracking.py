"""Where else the course of a run is written, for those who keep the runs of many programs in one place."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint, Settings


class Tracking(Settings):
    """A server or a folder of MLflow that the run is logged to."""

    mlflow: Annotated[
        str,
        Field(
            max_length=2000,
            title="MLflow address",
            description="Where MLflow keeps its runs, as https://mlflow.example.org or file:///home/me/mlruns: this "
            "run's settings and curves are sent there as well. Empty sends nothing.",
        ),
        Hint(adjustable=True),
    ] = ""
    experiment: Annotated[
        str,
        Field(
            min_length=1,
            max_length=500,
            title="MLflow experiment",
            description="The group of runs it stands in there; it is made if it is not there yet.",
        ),
        Hint(adjustable=True),
    ] = "Workbench"

    @model_validator(mode="after")
    def _no_password_is_written_down(self) -> "Tracking":
        try:
            named = urlsplit(self.mlflow.strip())
            secret = named.password is not None or ("://" in self.mlflow and named.username is not None)
        except ValueError:
            secret = "@" in self.mlflow
        if secret:
            error = UserError(
                "The address of MLflow has a name or a password in it, which would be kept in the recipe.",
                hint="Take it out of the address, and set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or "
                "MLFLOW_TRACKING_TOKEN, in the environment of the program.",
                place="training.tracking.mlflow",
            )
            raise ValueErrorOf(error)
        return self
