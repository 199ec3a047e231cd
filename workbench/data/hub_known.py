"""Well-known data sets of the hub, to click: what they are called there, what they hold and how large they are."""

from dataclasses import dataclass
from typing import Literal

from workbench.core.words import mark


@dataclass(frozen=True)
class Known:
    """A data set of the hub.

    title: its own name. summary: what it is. size: bytes of the download, about. content: what a sample is. label: the
    column of labels, or "".
    """

    title: str
    summary: str
    size: int
    content: Literal["image", "text"]
    label: str = ""
    configuration: str = "auto"


KNOWN: dict[str, Known] = {
    "ylecun/mnist": Known(
        "MNIST", mark("70,000 handwritten digits, 28 × 28 pixels, grey."), 18_200_000, "image", "label"
    ),
    "zalando-datasets/fashion_mnist": Known(
        "Fashion-MNIST", mark("70,000 pieces of clothing in 10 classes, 28 × 28, grey."), 36_100_000, "image", "label"
    ),
    "uoft-cs/cifar10": Known(
        "CIFAR-10", mark("60,000 small photographs in 10 classes, 32 × 32, colour."), 144_000_000, "image", "label"
    ),
    "uoft-cs/cifar100": Known(
        "CIFAR-100",
        mark("60,000 small photographs in 100 classes, 32 × 32, colour."),
        142_000_000,
        "image",
        "fine_label",
    ),
    "stanfordnlp/imdb": Known(
        "IMDB", mark("50,000 film reviews in English, praise or blame."), 83_400_000, "text", "label"
    ),
    "fancyzhx/ag_news": Known(
        "AG News", mark("127,600 short news in English on 4 topics."), 19_800_000, "text", "label"
    ),
    "karpathy/tiny_shakespeare": Known(
        "Tiny Shakespeare", mark("One million characters of Shakespeare's plays, to write on."), 1_200_000, "text"
    ),
    "lansinuote/ChnSentiCorp": Known(
        "ChnSentiCorp", mark("12,000 reviews of hotels, books and computers in Chinese."), 2_700_000, "text", "label"
    ),
}
