import json
from pathlib import Path

import pytest

from workbench.core.redaction import known_secrets, redacted

SECRET = "s3cr3t-Value.77"
TEXTS = [
    f"HF_TOKEN={SECRET}",
    f"export HF_TOKEN='{SECRET}'",
    f'{{"token": "{SECRET}", "epochs": 3}}',
    json.dumps({"details": json.dumps({"api_key": SECRET})}),
    f"password: {SECRET}",
    f"https://anna:{SECRET}@hub.example/models",
    f"https://{SECRET}@hub.example/models",
    f"https://hub.example/models?access_token={SECRET}&x=1",
    f"Authorization: Bearer {SECRET}",
    f"curl -H 'Authorization: Basic {SECRET}'",
    f"client.api-key = {SECRET}",
    f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_named_secret_is_removed(text: str):
    assert SECRET not in redacted(text)
    assert "[removed]" in redacted(text)


@pytest.mark.parametrize(
    "secret",
    ["hf_AbCdEfGhIjKlMnOpQrStUv", "ghp_0123456789abcdefABCDEF", "AKIAABCDEFGHIJKLMNOP", "sk-ab12cd34ef56gh78ij"],
)
def test_a_secret_is_known_by_its_shape(secret: str):
    assert redacted(f"it said {secret}, then ended") == "it said [removed], then ended"


@pytest.mark.parametrize(
    "text",
    [
        "max_tokens = 512", "tokens: 30 of 60", "next_token", '{"kind": "masked_token", "epochs": 3}',
        "training.optimizer.learning_rate=0.001", "https://pytorch.org/get-started", "the tokenizer: bytes",
    ],
)  # fmt: skip
def test_settings_stay_readable(text: str):
    assert redacted(text) == text


def test_what_is_left_of_a_recipe_is_still_json():
    plain = {"data": {"token": SECRET, "url": f"https://a:{SECRET}@b/c"}, "epochs": 3}
    assert json.loads(redacted(json.dumps(plain)))["epochs"] == 3
    assert SECRET not in redacted(json.dumps(plain))


def test_home_folders_are_not_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    home = tmp_path / "anna"
    monkeypatch.setenv("HOME", str(home))
    assert redacted(f"{home}/images and {home}") == "~/images and ~"
    assert redacted(f"{home}-else/images") == f"{home}-else/images"
    assert redacted("/home/berta/x, /Users/berta/y, C:\\Users\\berta\\z") == "~/x, ~/y, ~\\z"


def test_secrets_of_this_machine_are_removed_wherever_they_stand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_TOKEN_PATH", raising=False)
    monkeypatch.setenv("MY_SERVICE_PASSWORD", "correct horse")
    (tmp_path / "token").write_text("plainlookingtoken\n")
    said = redacted("it is plainlookingtoken or correct horse", known_secrets())
    assert said == "it is [removed] or [removed]"
