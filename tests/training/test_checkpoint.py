import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.training.runs import Seen, trained
from workbench.core.errors import UserError
from workbench.core.events import Finished, Warned
from workbench.core.files import write_atomically
from workbench.core.leftovers import sweep
from workbench.core.sealed import check_sealed, write_sealed
from workbench.training.checkpoint import newest_sound
from workbench.training.tensors import join_state, load_tensors, save_tensors, split_state
from workbench.training.worker import train_run


def test_memory_formats_and_ties_survive(tmp_path: Path) -> None:
    last = torch.randn(3, 4, 5, 6).to(memory_format=torch.channels_last)
    turned = torch.randn(4, 7).t()
    tensors = {"last": last, "turned": turned, "tied": last, "empty": torch.empty(0), "number": torch.tensor(3)}
    layout = save_tensors(tensors, tmp_path / "t.safetensors")
    back = load_tensors(tmp_path / "t.safetensors", layout)
    assert set(back) == set(tensors)
    for name, tensor in tensors.items():
        assert torch.equal(back[name], tensor)
        assert back[name].stride() == tensor.stride()
    assert back["tied"] is back["last"]


@pytest.mark.parametrize("kind", [torch.optim.AdamW, torch.optim.SGD, torch.optim.RMSprop])
def test_an_optimizers_state_comes_back(kind: type) -> None:
    network = torch.nn.Linear(3, 2)
    optimizer = kind(network.parameters(), lr=0.1)
    network(torch.randn(4, 3)).sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    back = join_state(*split_state(state))
    assert back["param_groups"] == state["param_groups"]
    assert back["state"].keys() == state["state"].keys()


def test_a_flipped_bit_is_found_and_the_older_checkpoint_used(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    first = folder.newest_checkpoints()[0]
    kept = shutil.copytree(first, tmp_path / "kept")
    train_run(folder, ["training.epochs=2"])
    newest = folder.newest_checkpoints()[0]
    shutil.copytree(kept, first, dirs_exist_ok=True)
    data = bytearray((newest / "model.safetensors").read_bytes())
    data[len(data) // 2] ^= 1
    (newest / "model.safetensors").write_bytes(data)
    loaded, complaints = newest_sound(folder)
    assert loaded is not None
    assert loaded.path == first
    assert "model.safetensors is not what was written" in str(complaints[0])
    seen = Seen()
    assert isinstance(train_run(folder, ["training.epochs=2"], on_event=seen), Finished)
    assert "damaged" in str(seen.of(Warned)[0].message)


def test_a_folder_is_whole_or_not_there(tmp_path: Path) -> None:
    def fill(place: Path) -> None:
        (place / "a").write_text("a")
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output"):
        write_sealed(tmp_path / "place", fill)
    assert list(tmp_path.iterdir()) == []

    def fill_well(place: Path) -> None:
        (place / "a").write_text("a")

    write_sealed(tmp_path / "place", fill_well)
    check_sealed(tmp_path / "place")
    (tmp_path / "place" / "a").unlink()
    with pytest.raises(UserError, match="a is missing"):
        check_sealed(tmp_path / "place")


def test_what_was_there_stays_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(text: str) -> Callable[[Path], None]:
        return lambda place: write_atomically(place / "a", text)

    write_sealed(tmp_path / "place", fill("old"))
    real = Path.rename

    def rename(source: Path, target: Path) -> Path:
        if target == tmp_path / "place" and not source.name.endswith("-old"):
            raise OSError(5, "Input/output error")
        return real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        with pytest.raises(OSError, match="Input/output"):
            write_sealed(tmp_path / "place", fill("new"))
    assert (tmp_path / "place" / "a").read_text() == "old"
    write_sealed(tmp_path / "place", fill("new"))
    check_sealed(tmp_path / "place")
    assert (tmp_path / "place" / "a").read_text() == "new"
    assert list(tmp_path.iterdir()) == [tmp_path / "place"]


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is full"):
        write_sealed(tmp_path / "place", lambda place: None, least_free=2**60)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_disk_is_not_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"total": 0, "free": 0})())
    write_sealed(tmp_path / "place", lambda place: None, least_free=100)
    assert (tmp_path / "place").is_dir()


def test_what_interrupted_saves_left_is_swept(tmp_path: Path) -> None:
    folder, _ = trained(tmp_path, "training.epochs=1")
    (folder.checkpoints / ".tmp-1-abc").mkdir()
    (folder.models / ".tmp-1-abc").mkdir()
    assert sweep(folder) == 2
    assert not list(folder.path.rglob(".tmp-*"))
