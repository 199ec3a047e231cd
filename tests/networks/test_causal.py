from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from workbench.networks.causal import Continues, Decoder, from_gpt2
from workbench.networks.variant import Variant

MODERN = Variant(
    positions="rotary",
    normalization="rms",
    qk_norm=True,
    activation="squared_relu",
    tied=False,
    ngrams=3,
    ngram_rows=200,
)


def decoder(
    vocabulary: int = 11, context: int = 16, dropout: float = 0.0, layers: int = 2, variant: Variant | None = None
) -> Decoder:
    torch.manual_seed(0)
    network = Decoder(
        vocabulary=vocabulary,
        outputs=vocabulary,
        context=context,
        layers=layers,
        heads=2,
        width=16,
        dropout=dropout,
        variant=variant or Variant(),
    )
    return network.eval()


def modern() -> Decoder:
    """Return a decoder in which every choice counts, as after some training."""
    network = decoder(variant=MODERN)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-0.5, 0.5)
    return network


def some_tokens(count: int, batch: int = 2) -> Tensor:
    return torch.randint(0, 11, (batch, count), generator=torch.Generator().manual_seed(1))


def test_gpt_2_has_the_published_number_of_parameters():
    with torch.device("meta"):
        network = Decoder(vocabulary=50_257, outputs=50_257, context=1024, layers=12, heads=12, width=768)
    assert sum(parameter.numel() for parameter in network.parameters()) == 124_439_808


@pytest.mark.parametrize("make", [decoder, modern])
def test_what_comes_later_changes_nothing_before_it(make: Callable[[], Decoder]):
    network, tokens = make(), some_tokens(12)
    changed = tokens.clone()
    changed[:, 7:] = (changed[:, 7:] + 1) % 11
    before, after = network(tokens), network(changed)
    torch.testing.assert_close(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


@pytest.mark.parametrize("make", [decoder, modern])
@pytest.mark.parametrize("pieces", [(12,), (1,) * 12, (5, 1, 1, 5), (3, 4, 5)])
def test_reading_in_pieces_gives_the_logits_of_reading_at_once(pieces: tuple[int, ...], make: Callable[[], Decoder]):
    network, tokens = make(), some_tokens(12)
    assert isinstance(network, Continues)
    whole, memory, done = network(tokens), None, 0
    for length in pieces:
        logits, memory = network.continued(tokens[:, done : done + length], memory)
        done += length
        torch.testing.assert_close(logits, whole[:, done - 1], atol=1e-5, rtol=1e-5)


def test_left_out_choices_are_gpt_2s():
    names = set(decoder().state_dict())
    assert {"position_embedding.weight", "blocks.0.attention_norm.bias", "blocks.1.feed_forward.2.weight"} <= names
    assert not any("ngram" in name for name in names)


def test_each_choice_changes_what_is_there():
    network = decoder(variant=MODERN)
    names = set(network.state_dict())
    assert network.position_embedding is None
    assert network.output.weight is not network.token_embedding.weight
    assert {"ngram_embedding.embeddings.0.weight", "ngram_embedding.embeddings.1.weight"} <= names
    assert not any(name.endswith("norm.bias") for name in names)


def test_what_begins_at_zero_says_nothing_at_first_and_learns():
    network = decoder(variant=Variant(zero_start=True, tied=False, ngrams=2))
    tokens = some_tokens(12)
    assert not network(tokens).any()
    for _ in range(3):  # the first step reaches the head alone, the second what blocks add
        network.zero_grad()
        torch.nn.functional.cross_entropy(network(tokens).flatten(0, 1), tokens.flatten()).backward()
        with torch.no_grad():
            for parameter in network.parameters():
                assert parameter.grad is not None
                parameter -= 0.5 * parameter.grad
    assert all(parameter.any() for parameter in network.parameters())


def test_normalized_queries_and_keys_do_not_feel_the_size_of_their_weights():
    network, tokens = decoder(variant=Variant(qk_norm=True)), some_tokens(12)
    before = network(tokens)
    blocks: Any = network.blocks
    with torch.no_grad():
        for block in blocks:
            block.attention.query_key_value.weight[:32] *= 5
    torch.testing.assert_close(network(tokens), before, atol=1e-4, rtol=1e-3)


def test_fresh_weights_guess_evenly_and_write_little_into_the_residual_stream():
    network = decoder(vocabulary=500, layers=8)
    probabilities = torch.softmax(network(some_tokens(16)), dim=2)
    assert probabilities.max() < 5 / 500
    assert network.output.weight is network.token_embedding.weight
    blocks: Any = network.blocks
    deviations = [block.attention.output.weight.std().item() for block in blocks]
    assert max(deviations) < 0.3 * 0.02


def test_dropout_works_in_training_alone():
    network, tokens = decoder(dropout=0.5), some_tokens(12)
    torch.testing.assert_close(network(tokens), network(tokens))
    network.train()
    assert not torch.allclose(network(tokens), network(tokens))


@pytest.mark.slow
@pytest.mark.parametrize("bare", [False, True])
def test_with_the_weights_of_gpt_2_it_says_what_gpt_2_says(bare: bool):
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=97, n_positions=32, n_embd=48, n_layer=3, n_head=4, bos_token_id=0, eos_token_id=0)
    theirs = GPT2LMHeadModel(config).eval()
    for parameter in theirs.parameters():
        torch.nn.init.normal_(parameter, std=0.2)  # so that biases and norms count, too
    weights = theirs.transformer.state_dict() if bare else theirs.state_dict()
    ours = Decoder(vocabulary=97, outputs=97, context=32, layers=3, heads=4, width=48).eval()
    ours.load_state_dict(from_gpt2(weights), strict=True)
    tokens = torch.randint(0, 97, (3, 32))
    with torch.no_grad():
        assert (ours(tokens) - theirs(tokens).logits).abs().max() < 1e-5
        loss = torch.nn.functional.cross_entropy(ours(tokens)[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
        torch.testing.assert_close(loss, theirs(tokens, labels=tokens).loss)
