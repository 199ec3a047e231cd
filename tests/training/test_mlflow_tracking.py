"""What MLflow's own client finds in a store that a run was logged to, and what a server that fails costs: nothing."""

import importlib.util
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.training.runs import Seen, make_run, trained
from workbench.core.errors import UserError
from workbench.core.events import Failed, Finished, StepsDone, Stopped, Warned
from workbench.core.run_folder import RunFolder
from workbench.core.run_reader import whole_history
from workbench.hyperparameters.tracking import Tracking
from workbench.recipe import recipe_from
from workbench.training import ledger, mlflow_sending
from workbench.training.mlflow_sending import Begin, End, Point, Points, Sender
from workbench.training.worker import train_run


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name, value in mlflow_sending._LIMITS.items():
        monkeypatch.setenv(name, value)  # what the program sets stays within the test
    return (tmp_path / "store").as_uri()


def to(address: str) -> str:
    return f'training.tracking.mlflow="{address}"'


def client(store: str) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(tracking_uri=store)


def runs_in(store: str) -> list[Any]:
    there = client(store)
    return list(there.search_runs([there.get_experiment_by_name("Workbench").experiment_id]))


def points(store: str, run: Any, name: str) -> list[tuple[int, float]]:
    return sorted((each.step, each.value) for each in client(store).get_metric_history(run.info.run_id, name))


def curve(folder: RunFolder, name: str) -> list[tuple[int, float]]:
    steps, values = whole_history(folder)[0].scalars[name]
    return list(zip(steps.tolist(), values.tolist(), strict=True))


def test_every_point_and_every_setting_is_there(tmp_path: Path, store: str) -> None:
    seen = Seen()
    folder = make_run(tmp_path, to(store))
    ending = train_run(folder, on_event=seen)
    assert isinstance(ending, Finished)
    assert not seen.of(Warned)
    (run,) = runs_in(store)
    for name in ("training_loss", "learning_rate", "validation_loss", "validation_accuracy"):
        assert points(store, run, name) == curve(folder, name)
    assert points(store, run, "test_accuracy") == [(ending.step, ending.metrics["test_accuracy"])]
    assert run.info.status == "FINISHED"
    assert run.info.run_name == folder.name
    assert run.data.params["training.optimizer.learning_rate"] == "0.001"
    assert run.data.params["architecture.kind"] == "convnet"
    assert run.data.tags["workbench.run"] == folder.name


def test_a_run_that_goes_on_is_the_same_one_there(tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_SECONDS", 0.0)
    folder = make_run(tmp_path, to(store))
    ended = train_run(folder, on_event=Seen(StepsDone, lambda event: folder.write_wish("stop"), after=3))
    assert isinstance(ended, Stopped)
    assert [run.info.status for run in runs_in(store)] == ["KILLED"]
    train_run(folder, ["training.epochs=4"])
    (run,) = runs_in(store)
    assert run.info.status == "FINISHED"
    assert run.data.tags["changed.training.epochs"] == "4"
    assert points(store, run, "training_loss") == curve(folder, "training_loss")


@pytest.fixture
def hanging() -> Iterator[str]:
    """The address of a server that takes requests and never answers; at the end it lets go of them."""
    server = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def hold() -> None:
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    holder = threading.Thread(target=hold)
    holder.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    holder.join()
    for connection in held:
        connection.close()
    for thread in threading.enumerate():
        if thread.name == "mlflow":
            thread.join()


def test_a_server_that_hangs_costs_nothing_and_is_said_once(
    tmp_path: Path, store: str, hanging: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client(store)  # the import is no part of what is measured
    monkeypatch.setattr(mlflow_sending, "_STILL", 0.2)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    _, usual = trained(tmp_path)
    seen = Seen()
    folder = make_run(tmp_path, to(hanging))
    ending = train_run(folder, on_event=seen)
    assert isinstance(ending, Finished)
    assert isinstance(usual, Finished)
    assert ending.metrics == usual.metrics
    assert ending.seconds < 2 * usual.seconds + 1
    (said,) = seen.of(Warned)
    assert "does not take what it is sent: it does not answer in time" in str(said.message)
    assert len(curve(folder, "training_loss")) == ending.step
    assert isinstance(whole_history(folder)[0].events[-1], Finished)


def test_a_server_that_is_not_there_is_said(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
    seen = Seen()
    ending = train_run(make_run(tmp_path, to(address)), on_event=seen)
    assert isinstance(ending, Finished)
    (said,) = seen.of(Warned)
    assert str(said.message).startswith(f"MLflow at {address} does not take what it is sent: it cannot be reached. ")
    assert "NewConnectionError" in caplog.text


def answering(status: int, body: str) -> tuple[HTTPServer, threading.Thread]:
    """Return a server of one answer to everything, and the thread that it lives in."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET

        def log_message(self, *said: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    return server, thread


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, "no", "it refuses with status 403"),
        (403, '{"error_code": "PERMISSION_DENIED", "message": "no"}', "it refuses with status 403"),
        (200, "<html>", "it does not answer as MLflow does"),
    ],
)
def test_what_a_server_answers_is_said_in_words(tmp_path: Path, store: str, status: int, body: str, said: str) -> None:
    server, thread = answering(status, body)
    sender = Sender(f"http://127.0.0.1:{server.server_port}", "x", tmp_path / "mlflow.json")
    sender.put(Begin("run", {}, {}))
    sender.finish()
    complaint = sender.complaint()
    sender.close()
    server.shutdown()
    server.server_close()
    thread.join()
    assert f"is sent: {said}." in str(complaint)


def test_what_is_refused_holds_nothing_up(tmp_path: Path, store: str) -> None:
    sender = Sender(store, "Workbench", tmp_path / "mlflow.json")
    wrong, right = Point("no : % ? name", 1, 0.5, 0), Point("loss", 1, 0.5, 0)
    for message in (Begin("run", {}, {}), Points((wrong,)), Points((right,)), End("FINISHED")):
        sender.put(message)
    sender.finish()
    sender.close()
    (run,) = runs_in(store)
    assert points(store, run, "loss") == [(1, 0.5)]
    assert run.info.status == "FINISHED"
    complaint = sender.complaint()
    assert complaint
    assert "it refuses with status 400" in str(complaint)


def test_without_mlflow_the_run_does_not_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "mlflow" else real(name))
    folder, ending = trained(tmp_path, to("file:///nowhere"))
    assert isinstance(ending, Failed)
    assert "not installed" in ending.error["message"]
    assert "workbench[mlflow]" in ending.error["hint"]
    assert not folder.recipe.exists()


@pytest.mark.parametrize("address", ["https://me:secret@example.org", "https://token@example.org/ml"])
def test_no_password_is_kept(tmp_path: Path, address: str) -> None:
    with pytest.raises(UserError, match="would be kept in the recipe") as caught:
        make_run(tmp_path, to(address))
    assert "secret" not in str(caught.value.to_plain())
    assert not list(tmp_path.iterdir())
    recipe_from({"training": {"tracking": {"mlflow": "https://example.org/ml"}}})


@pytest.mark.parametrize(
    "address",
    [
        "https://mlflow.example.org/ml", "http://127.0.0.1:5000", "file:///home/me/mlruns", "/home/me/ml runs",
        "sqlite:////home/me/mlflow.db", "databricks", "databricks://work", "postgresql+psycopg://host/runs",
    ],
)  # fmt: skip
def test_what_mlflow_knows_is_an_address(address: str) -> None:
    assert Tracking(mlflow=f" {address}").mlflow == f" {address}"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("hello world", "is no address of MLflow"),
        ("http://", "is no address of MLflow"),
        ("http://[", "is no address of MLflow"),
        ("ftp://example.org", "is no address of MLflow"),
        ("mlruns/here", "is not given in full"),
        ("file:mlruns", "is not given in full"),
        ("sqlite:///mlflow.db", "is not given in full"),
    ],
)
def test_an_address_that_is_none_is_refused(address: str, said: str) -> None:
    with pytest.raises(UserError, match=said) as caught:
        recipe_from({"training": {"tracking": {"mlflow": address}}})
    assert caught.value.hint
    assert caught.value.message.values["place"] == "training.tracking.mlflow"


def test_what_waits_too_long_is_forgotten_from_its_beginning(
    tmp_path: Path, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mlflow_sending, "_MOST", 3)
    held, sent = threading.Event(), []

    def send(sender: Sender, message: Any) -> None:
        held.wait(10)
        sent.append(message)

    monkeypatch.setattr(Sender, "_send", send)
    sender = Sender(store, "x", tmp_path / "mlflow.json")
    begin = Begin("run", {}, {})
    each = [Points((Point("loss", step, 0.0, 0),)) for step in range(6)]
    for message in (begin, *each, End("FINISHED")):
        sender.put(message)
    held.set()
    sender.finish()
    sender.close()
    assert sent == [begin, *each[3:], End("FINISHED")]
    complaint = sender.complaint()
    assert complaint
    assert sender.complaint() is None


def test_a_run_that_fails_before_it_begins_is_none_of_mlflows(tmp_path: Path, store: str) -> None:
    seen = Seen()
    ending = train_run(make_run(tmp_path, to(store), 'training.start_from="/nowhere"'), on_event=seen)
    assert isinstance(ending, Failed)
    assert not seen.of(Warned)
