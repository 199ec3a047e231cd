"""Clients that others wrote work unchanged, and what is told is what the model tells."""

import csv
import html
import io
import json
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import openai
import pytest
import tritonclient.http as triton
from PIL import Image

from tests.serving.conftest import TOKEN, Running
from workbench.core.run_folder import RunFolder
from workbench.gui.service import PREDICTIONS
from workbench.inference.predictor import Item, Predictor

HEADERS = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def pictures() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (5, 8, 8, 1), dtype=np.uint8)


@pytest.fixture
def predictor(digits: RunFolder) -> Predictor:
    return Predictor.of_run(digits)


def numbers(found: Any, name: str) -> np.ndarray:
    """Return a tensor of an answer."""
    return found.as_numpy(name)


def test_the_open_inference_protocol_by_its_own_client(
    service: Running, digits: RunFolder, predictor: Predictor, pictures: np.ndarray
):
    with triton.InferenceServerClient(service.host) as client:
        assert client.is_server_live(headers=dict(HEADERS))
        assert client.is_server_ready(headers=dict(HEADERS))
        assert client.is_model_ready(digits.name, headers=dict(HEADERS))
        assert client.get_server_metadata(headers=dict(HEADERS))["name"] == "workbench"
        facts = client.get_model_metadata(digits.name, headers=dict(HEADERS))
        assert facts["inputs"] == [{"name": "image", "datatype": "UINT8", "shape": [-1, 8, 8, 1]}]
        assert [output["name"] for output in facts["outputs"]] == ["probabilities", "label"]
        expected, answers = predictor.told(pictures, 5)
        for binary in (True, False):
            given = triton.InferInput("image", list(pictures.shape), "UINT8")
            given.set_data_from_numpy(pictures, binary_data=binary)
            wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("probabilities", "label")]
            found = client.infer(digits.name, [given], outputs=wanted, headers=dict(HEADERS))
            np.testing.assert_allclose(numbers(found, "probabilities"), expected, atol=1e-6)
            labels = [each.decode() if isinstance(each, bytes) else each for each in numbers(found, "label")]
            assert labels == [answer["label"] for answer in answers]
        found = client.infer(digits.name, [given], headers=dict(HEADERS))
        assert numbers(found, "probabilities").shape == (5, 10)
        with pytest.raises(triton.InferenceServerException, match="no model called"):
            client.infer("nothing", [given], headers=dict(HEADERS))
        with pytest.raises(triton.InferenceServerException):
            client.infer(digits.name, [given])


def test_files_of_pictures_as_bytes(service: Running, digits: RunFolder, predictor: Predictor, pictures: np.ndarray):
    contents = np.empty(len(pictures), dtype=object)
    for place, pixels in enumerate(pictures):
        file = io.BytesIO()
        Image.fromarray(pixels[:, :, 0]).save(file, "PNG")
        contents[place] = file.getvalue()
    with triton.InferenceServerClient(service.host) as client:
        given = triton.InferInput("image", [len(contents)], "BYTES")
        given.set_data_from_numpy(contents)
        found = client.infer(digits.name, [given], headers=dict(HEADERS))
    np.testing.assert_allclose(numbers(found, "probabilities"), predictor.told(pictures, 5)[0], atol=1e-6)


def test_models_are_loaded_and_unloaded(service: Running, table: RunFolder):
    with triton.InferenceServerClient(service.host) as client:
        states = {each["name"]: each["state"] for each in client.get_model_repository_index(headers=dict(HEADERS))}
        assert states[table.name] == "READY"
        client.unload_model(table.name, headers=dict(HEADERS))
        assert not client.is_model_ready(table.name, headers=dict(HEADERS))
        client.load_model(table.name, headers=dict(HEADERS))
        assert client.is_model_ready(table.name, headers=dict(HEADERS))


def test_texts_by_openais_client(service: Running, writer: RunFolder):
    with openai.OpenAI(base_url=f"{service.address}/v1", api_key=TOKEN, max_retries=0) as client:
        assert [model.id for model in client.models.list()] == [writer.name]
        whole = client.completions.create(model=writer.name, prompt="The film", max_tokens=12, seed=3, temperature=0.7)
        assert whole.choices[0].finish_reason == "length"
        assert whole.usage is not None
        assert whole.usage.completion_tokens == 12
        stream = client.completions.create(
            model=writer.name, prompt="The film", max_tokens=12, seed=3, temperature=0.7, stream=True
        )
        parts = list(stream)
        assert "".join(part.choices[0].text for part in parts) == whole.choices[0].text
        assert parts[-1].choices[0].finish_reason == "length"
        said = client.chat.completions.create(
            model=writer.name, messages=[{"role": "user", "content": "Good?"}], max_tokens=8, seed=1
        )
        assert said.choices[0].message.role == "assistant"
        streamed = client.chat.completions.create(
            model=writer.name, messages=[{"role": "user", "content": "Good?"}], max_tokens=8, seed=1, stream=True
        )
        content = "".join(part.choices[0].delta.content or "" for part in streamed)
        assert content == said.choices[0].message.content
        unknown: list[dict[str, Any]] = [{"max_tokens": 10**6}, {"best_of": 3}, {"logprobs": 2}, {"n": 2}]
        for more in unknown:
            with pytest.raises(openai.BadRequestError, match=next(iter(more))):
                client.completions.create(model=writer.name, prompt="The film", **more)
        with pytest.raises(openai.NotFoundError):
            client.completions.create(model="nothing", prompt="a")
        with pytest.raises(openai.BadRequestError, match="temperature"):
            client.completions.create(model=writer.name, prompt="a", temperature=-3)
    with (
        openai.OpenAI(base_url=f"{service.address}/v1", api_key="wrong", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


def ask(service: Running, path: str, **more: Any) -> httpx.Response:
    headers = {**HEADERS, **more.pop("headers", {})}
    return httpx.post(service.address + path, headers=headers, timeout=60, **more)


def test_simple_requests(service: Running, digits: RunFolder, table: RunFolder, predictor: Predictor, tmp_path: Path):
    pixels = np.random.default_rng(1).integers(0, 256, (8, 8), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "digit.png")
    content = (tmp_path / "digit.png").read_bytes()
    found = ask(service, "/predict", params={"model": digits.name}, files={"image": content}).json()
    [expected] = predictor.predict([Item("digit", tmp_path / "digit.png")])
    assert found["predictions"][0]["label"] == expected.answer["label"]
    assert found["predictions"][0]["score"] == pytest.approx(expected.answer["score"], abs=1e-6)
    rows = [{"length": 2.5, "colour": "green"}, {"length": None, "colour": "red"}]
    as_json = ask(service, "/predict", params={"model": table.name}, json={"rows": rows}).json()["predictions"]
    file = io.StringIO()
    writer = csv.DictWriter(file, ["length", "colour"])
    writer.writeheader()
    writer.writerows(rows)
    kind = {"content-type": "text/csv"}
    as_csv = ask(service, "/predict", params={"model": table.name}, content=file.getvalue(), headers=kind).json()
    assert len(as_json) == 2
    assert as_csv["predictions"] == as_json
    one = ask(service, "/predict", params={"model": table.name}, json={"row": rows[0]}).json()["predictions"]
    assert one[0]["label"] == as_json[0]["label"]
    assert ask(service, "/predict", json={"row": {}}).status_code == 400, "there are several models"
    many = ask(service, "/predict", params={"model": table.name}, json={"rows": [rows[0]] * 300}).json()["predictions"]
    assert len(many) == 300
    too_many = ask(service, "/predict", params={"model": table.name}, json={"rows": [rows[0]] * 5000})
    assert "At most 4096" in too_many.json()["error"]
    assert ask(service, "/predict", params={"model": table.name}, json={"text": "a"}).status_code == 400
    odd = ask(service, "/predict", params={"model": table.name}, json={"row": {"length": "long"}})
    assert odd.status_code == 400
    assert "length must be a number" in odd.json()["error"]


def test_every_request_is_said_on_a_line_of_its_own(service: Running, table: RunFolder):
    for _ in range(3):
        ask(service, "/predict", params={"model": table.name}, json={"row": {}})
    infer = f"/v2/models/{table.name}/infer"
    ask(service, infer, json={"inputs": []})
    said: list[tuple[str, str]] = []
    while infer not in dict(said[-1:]):
        line = json.loads(service.said.get(timeout=20))
        said.append((line["path"], line["route"]))
    assert said[-4:] == [("/predict", "/predict")] * 3 + [(infer, "/v2/models/{name}/infer")]


def test_what_is_counted_and_described(service: Running):
    text = httpx.get(f"{service.address}/metrics", headers=dict(HEADERS)).text
    assert "workbench_requests_total" in text
    assert "workbench_batch_size_bucket" in text
    schema = httpx.get(f"{service.address}/openapi.json").json()
    assert {"/predict", "/v2/models/{name}/infer", "/v1/completions", "/metrics"} <= set(schema["paths"])
    assert all("post" in schema["paths"][route] for route in PREDICTIONS), "the window counts their answers"
    page = httpx.get(f"{service.address}/docs")
    assert page.status_code == 200
    assert all(html.escape(path) in page.text for path in schema["paths"])
    assert "//" not in page.text, "nothing comes from elsewhere"
    assert "<script" not in page.text
    assert httpx.get(f"{service.address}/metrics").status_code == 401
    assert httpx.get(f"{service.address}/nowhere", headers=dict(HEADERS)).status_code == 404
    assert TOKEN not in service.audit.read_text()
