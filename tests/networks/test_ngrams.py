"""Embeddings of tokens together: equal last tokens give equal vectors, others do not, wherever the reading began."""

import torch

from workbench.networks.ngrams import NGramEmbedding


def embedding(longest: int = 3, rows: int = 5000) -> NGramEmbedding:
    torch.manual_seed(0)
    return NGramEmbedding(longest, rows, 4)


def test_equal_last_tokens_have_equal_vectors() -> None:
    tokens = torch.tensor([[1, 2, 3, 9, 1, 2, 3], [4, 5, 3, 9, 5, 2, 3]])
    found = embedding()(tokens)
    assert found.shape == (2, 7, 4)
    torch.testing.assert_close(found[0, 2], found[0, 6])
    assert not torch.allclose(found[0, 2], found[1, 2])  # another token before
    assert not torch.allclose(found[0, 6], found[1, 6])  # the same pair, and another before it


def test_the_order_counts() -> None:
    found = embedding(2)(torch.tensor([[1, 2, 1]]))
    assert not torch.allclose(found[0, 1], found[0, 2])


def test_before_the_beginning_is_no_token() -> None:
    found = embedding(2)(torch.tensor([[0, 0, 5]]))
    assert not torch.allclose(found[0, 0], found[0, 1])


def test_reading_in_pieces_gives_the_same() -> None:
    table, tokens = embedding(4), torch.randint(0, 50, (3, 12), generator=torch.Generator().manual_seed(2))
    whole = table(tokens)
    torch.testing.assert_close(table(tokens[:, 5:], tokens[:, 2:5]), whole[:, 5:])


def test_large_ids_find_rows() -> None:
    found = embedding(8, rows=16)(torch.full((1, 9), 999_999))
    assert torch.isfinite(found).all()


def test_few_rows_are_shared_evenly() -> None:
    table = embedding(2, rows=64)
    pairs = torch.cartesian_prod(torch.arange(64), torch.arange(64))
    rows = torch.cat(list(table._rows(torch.cat([pairs.new_full((len(pairs), 0), -1), pairs], dim=1))))
    assert rows.unique().numel() == 64
    assert rows.flatten().bincount(minlength=64).max() < 2 * len(pairs) / 64
