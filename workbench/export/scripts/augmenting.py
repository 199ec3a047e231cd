"""The random changes of training images in a training script: one call for each that the run made, and no other."""

from workbench.data.augmentation import Augmentation
from workbench.export.source import Gathering

_PLACE = "workbench.data.augmentation"


def augmented(source: Gathering, settings: Augmentation) -> str:
    """Gather what these changes need and return the source of augmented(images[, targets], generator).

    They follow each other as in `workbench.data.augmentation.pipeline`.
    """

    def call(module: str, name: str) -> str:
        return source.add(f"{_PLACE}.{module}", name)

    lines: list[str] = []
    if settings.crop:
        lines.append(f"images = {call('geometry', 'shifted')}(images, AUGMENTATION.crop, generator)")
    if settings.horizontal_flip or settings.vertical_flip:
        sides = f"horizontal={settings.horizontal_flip}, vertical={settings.vertical_flip}"
        lines.append(f"images = {call('geometry', 'flipped')}(images, generator, {sides})")
    computed: list[str] = []
    if settings.rotation:
        computed.append(f"values = {call('geometry', 'rotated')}(values, AUGMENTATION.rotation, generator)")
    if settings.brightness or settings.contrast or settings.saturation:
        names = ("brightness", "contrast", "saturation")
        shares = ", ".join(f"AUGMENTATION.{name}" if getattr(settings, name) else "0.0" for name in names)
        computed.append(f"values = {call('colour', 'jittered')}(values, {shares}, generator)")
    if settings.trivial_augment:
        computed.append(f"values = {call('trivial', 'trivially_augmented')}(values, generator)")
    if settings.erasing:
        computed.append(f"values = {call('mixing', 'erased')}(values, AUGMENTATION.erasing, generator)")
    if settings.softens():
        shares = ", ".join(f"AUGMENTATION.{name}" if getattr(settings, name) else "0.0" for name in ("mixup", "cutmix"))
        computed.append(f"values, targets = {call('mixing', 'mixed')}(values, targets, {shares}, generator)")
    result = "images"
    if computed:
        lines += ["values = images.float() / 255", *computed]
        result = "(values * 255).round_().clamp_(0, 255).to(torch.uint8)"
    source.imports("torch", "Generator")
    if settings.softens():
        head = "def augmented(images: Tensor, targets: Tensor, generator: Generator) -> tuple[Tensor, Tensor]:"
        said = "Return images (N, C, H, W) uint8 with random changes, and what they show (N, classes), in shares."
        result += ", targets"
    else:
        head = "def augmented(images: Tensor, generator: Generator) -> Tensor:"
        said = "Return images (N, C, H, W) uint8 with random changes."
    body = "\n".join(f"    {line}" for line in [f'"""{said}"""', *lines, f"return {result}"])
    return f"{head}\n{body}"
