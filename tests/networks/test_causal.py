from typing import Any

import pytest
import torch
from torch import Tensor

from workbench.networks.causal import Continues, Decoder, from_gpt2


def decoder(vocabulary: int = 11, context: int = 16, dropout: float = 0.0, layers: int = 2) -> Decoder:
    torch.manual_seed(0)
    network = Decoder(
        vocabulary=vocabulary, outputs=vocabulary, context=context, layers=layers, heads=2, width=16, dropout=dropout
    )
    return network.eval()


def some_tokens(count: int, batch: int = 2) -> Tensor:
    return torch.randint(0, 11, (batch, count), generator=torch.Generator().manual_seed(1))


def test_gpt_2_has_the_published_number_of_parameters():
    with torch.device("meta"):
        network = Decoder(vocabulary=50_257, outputs=50_257, context=1024, layers=12, heads=12, width=768)
    assert sum(parameter.numel() for parameter in network.parameters()) == 124_439_808


def test_what_comes_later_changes_nothing_before_it():
    network, tokens = decoder(), some_tokens(12)
    changed = tokens.clone()
    changed[:, 7:] = (changed[:, 7:] + 1) % 11
    before, after = network(tokens), network(changed)
    torch.testing.assert_close(before[:, :7], after[:, :7])
    assert not torch.allclose(before[:, 7:], after[:, 7:])


@pytest.mark.parametrize("pieces", [(12,), (1,) * 12, (5, 1, 1, 5), (3, 4, 5)])
def test_reading_in_pieces_gives_the_logits_of_reading_at_once(pieces: tuple[int, ...]):
    network, tokens = decoder(), some_tokens(12)
    assert isinstance(network, Continues)
    whole, memory, done = network(tokens), None, 0
    for length in pieces:
        logits, memory = network.continued(tokens[:, done : done + length], memory)
        done += length
        torch.testing.assert_close(logits, whole[:, done - 1], atol=1e-5, rtol=1e-5)


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
