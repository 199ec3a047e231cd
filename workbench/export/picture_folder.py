"""Networks of ours for pictures as folders of transformers: settings, weights, labels, and what prepares pictures."""

import json
from pathlib import Path

from safetensors.torch import save_file

from workbench.core.words import Words
from workbench.export import resnet_folder, vit_folder
from workbench.export.subject import Subject

FAMILIES = {"vit": vit_folder, "resnet": resnet_folder}  # by the kind of the architecture


def why_not(subject: Subject) -> Words | None:
    """Return why the network has no place in transformers, or None."""
    return FAMILIES[subject.architecture.kind].why_not(subject)


def write_pictures_model(subject: Subject, folder: Path) -> None:
    """Write config.json, model.safetensors and preprocessor_config.json."""
    family = FAMILIES[subject.architecture.kind]
    config = family.config_of(subject)
    config.architectures = [family.ARCHITECTURE]
    config.num_labels = subject.model.outputs
    config.id2label = dict(enumerate(subject.model.labels))
    config.label2id = {label: place for place, label in enumerate(subject.model.labels)}
    several = subject.model.task == "multi_label"
    config.problem_type = "multi_label_classification" if several else "single_label_classification"
    config.save_pretrained(folder)
    weights = {name: tensor.contiguous() for name, tensor in family.weights_of(subject).items()}
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    (folder / "preprocessor_config.json").write_text(json.dumps(_prepares(subject), indent=1), encoding="utf-8")


def _prepares(subject: Subject) -> dict[str, object]:
    """Return what transformers' image processor must do: stretched, bilinear, and normalized as in training."""
    preprocessing = subject.preprocessing
    return {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": preprocessing.height, "width": preprocessing.width},
        "resample": 2,  # bilinear, as Pillow numbers it
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": list(preprocessing.mean),
        "image_std": list(preprocessing.std),
        "do_convert_rgb": preprocessing.channels == 3,
    }
