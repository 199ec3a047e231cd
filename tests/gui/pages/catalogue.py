"""A small catalogue of settings, declared the way the real ones are."""

from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.core.settings import Hint, Settings


class Changes(Settings):
    rotation: Annotated[float, Field(ge=0, le=180, title="Rotation", description="Turns.")] = 0.0
    mirror: Annotated[bool, Field(title="Mirror", description="Mirrors.")] = False


class Pictures(Settings):
    kind: Literal["pictures"] = "pictures"
    path: Annotated[str, Field(title="Path", description="Where."), Hint(chooser="path")] = ""
    validation: Annotated[float, Field(ge=0, le=0.9, title="For validation", description="Share.")] = 0.1
    size: Annotated[str, Field(title="Size", description="Side.")] = "auto"
    class_names: Annotated[tuple[str, ...], Field(title="Class names", description="Names.")] = ()
    augmentation: Annotated[Changes, Field(title="Augmentation", description="Changes.")] = Changes()


class Samples(Pictures):
    kind: Literal["samples"] = "samples"  # type: ignore[assignment]
    name: Annotated[Literal["digits", "reviews"], Field(title="Sample", description="Which.")] = "digits"


class Net(Settings):
    kind: Literal["net"] = "net"
    widths: Annotated[tuple[int, ...], Field(title="Channels", description="Filters.")] = (32, 64)
    kernel: Annotated[int, Field(ge=1, le=31, title="Kernel", description="Side.")] = 3


class Plain(Settings):
    kind: Literal["plain"] = "plain"
    hidden: Annotated[int, Field(ge=1, title="Hidden", description="Units.")] = 16


def catalogue() -> dict[str, Any]:
    def described(settings: type[Settings], title: str, **more: Any) -> dict[str, Any]:
        return {"title": title, "summary": f"About {title}.", "schema": settings.model_json_schema(), **more}

    presets = {"Small": {"widths": [8], "kernel": 3}, "Large": {"widths": [64, 128], "kernel": 5}}
    return {
        "data": {"pictures": described(Pictures, "Pictures"), "samples": described(Samples, "Samples")},
        "architectures": {
            "words": described(Plain, "Words", presets={}, picture=["input", "linear"], inputs=["text"]),
            "net": described(Net, "Net", presets=presets, picture=["input", "conv", "linear"], inputs=["image"]),
            "plain": described(Plain, "Plain", presets={}, picture=["input", "linear"], inputs=["image"]),
        },
        "optimizers": {},
        "schedules": {},
        "metrics": {},
        "training": {"schema": {}},
    }
