"""Where else the course of a run is written, for those who keep the runs of many programs in one place."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from workbench.core.errors import UserError
from workbench.core.registry import ValueErrorOf
from workbench.core.settings import Hint, Settings

_PLACE = "training.tracking.mlflow"
_NAMED = ("databricks",)  # which its own settings say where it is
_SERVERS = ("http", "https", "databricks", "postgresql", "mysql", "mssql")


class Tracking(Settings):
    """A server or a folder of MLflow that the run is logged to."""

    mlflow: Annotated[
        str,
        Field(
            max_length=2000,
            title="MLflow address",
            description="Where MLflow keeps its runs, as https://mlflow.example.org, file:///home/me/mlruns or a "
            "folder in full: this run's settings and curves are sent there as well. Empty sends nothing.",
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
                place=_PLACE,
            )
            raise ValueErrorOf(error)
        return self

    @model_validator(mode="after")
    def _is_one_and_the_same_place_for_every_process(self) -> "Tracking":
        address = self.mlflow.strip()
        if address and (error := _refusal(address)) is not None:
            raise ValueErrorOf(error)
        return self


def _refusal(address: str) -> UserError | None:
    """Return what is wrong with an address of MLflow, or None.

    A folder that is not given in full would be another one for each process that trains or resumes the run.
    """
    try:
        parts = urlsplit(address)
        server = parts.hostname
    except ValueError:
        parts, server = urlsplit(""), None
    scheme = parts.scheme.partition("+")[0]
    if address in _NAMED or (scheme in _SERVERS and server) or _is_whole(scheme, address, parts.path):
        return None
    if scheme in ("file", "sqlite") or (":" not in address and ("/" in address or "\\" in address)):
        return UserError(
            "The folder of MLflow {address} is not given in full: each process would look for it in another place.",
            hint="Write it from its beginning, as {example}.",
            address=address,
            example="sqlite:////home/me/mlflow.db" if scheme == "sqlite" else "file:///home/me/mlruns",
            place=_PLACE,
        )
    return UserError(
        "{address} is no address of MLflow.",
        hint="Write one as https://mlflow.example.org, file:///home/me/mlruns or sqlite:////home/me/mlflow.db, or a "
        "folder in full.",
        address=address,
        place=_PLACE,
    )


def _is_whole(scheme: str, address: str, path: str) -> bool:
    """Return whether a file or folder is named from its beginning."""
    if scheme == "file":
        return path.startswith("/") and len(path) > 1
    if scheme == "sqlite":
        return Path(path.removeprefix("/")).is_absolute()
    return Path(address).is_absolute()
