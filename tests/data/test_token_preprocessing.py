import json
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from workbench.core.errors import UserError
from workbench.core.signature import Inputs
from workbench.data import preprocessing
from workbench.data.token_preprocessing import SubwordPreprocessing, chunks_of, trained_bpe, trained_wordpiece
from workbench.data.tokenizer_files import tokenizer_from

TEXTS = [
    "The cat sat on the mat.\n\nThe cat, the mat and the hat: naïve cats sat.\n" * 5,
    "今天天气很好,我们去公园。\n天气好的时候,公园里人很多。\n" * 5,
]


def asked(**more: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"tokens": "bpe", "vocabulary": 330, "length": 16, **more})


BPE = SubwordPreprocessing.fitted_to(TEXTS, asked(special=("end", "mask")))
WORDPIECE = SubwordPreprocessing.fitted_to(
    TEXTS, asked(tokens="wordpiece", vocabulary=120, special=("cls", "sep", "mask"))
)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=60, deadline=None)
@example("  two  blanks\n\n\tand 天气 🙂 \r\n")
def test_bpe_gives_back_every_text_exactly_and_its_pieces_are_the_text(text: str):
    assume("[" not in text)  # the names of special tokens are taken for them
    assert BPE.decode(BPE.stream([text])) == text
    assert "".join(piece for piece, _ in BPE.pieces(text)) == text
    assert [place for _, place in BPE.pieces(text)] == BPE.stream([text]).tolist()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
@settings(max_examples=60, deadline=None)
def test_pieces_of_wordpiece_are_the_text_with_gaps_that_no_token_stands_for(text: str):
    pieces = WORDPIECE.pieces(text)
    assert "".join(piece for piece, _ in pieces) == text
    assert [place for _, place in pieces if place >= 0] == WORDPIECE.stream([text]).tolist()


def test_an_end_stands_between_documents_where_one_was_asked_for():
    end = BPE.special["end"]
    assert BPE.stream(["cat", "mat", ""]).tolist().count(end) == 2
    assert end not in BPE.stream(["cat"])
    assert WORDPIECE.special.get("end") is None
    assert BPE.decode([end, *BPE.stream(["cat"]).tolist()]) == "cat"


def test_texts_are_cut_filled_up_and_framed():
    rows = WORDPIECE.encode_all(["cat", "the cat sat on the mat " * 9])
    assert rows.shape == (2, 16)
    assert rows.dtype == np.int32
    assert rows[0, 0] == rows[1, 0] == WORDPIECE.special["cls"]
    assert rows[1, -1] == WORDPIECE.special["sep"]
    assert (rows[0] == WORDPIECE.special["sep"]).sum() == 1
    assert rows[0, -1] == 0
    assert WORDPIECE.encode("[MASK] cat")[1] == WORDPIECE.special["mask"]
    assert WORDPIECE.encode("Δ")[1] == WORDPIECE.special["unknown"]


def test_it_comes_back_from_plain_values_the_same():
    for made in (BPE, WORDPIECE):
        again = SubwordPreprocessing.from_plain(json.loads(json.dumps(made.to_plain())))
        assert again == made
        assert np.array_equal(again.encode_all(TEXTS), made.encode_all(TEXTS))


def test_a_long_text_is_encoded_in_pieces_without_a_trace(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setenv("WORKBENCH_CACHE", str(tmp_path))
    text = "".join(TEXTS) * 20
    assert len(list(chunks_of(text, 300))) > 10
    assert "".join(chunks_of(text, 300)) == text
    whole = BPE._ids([text])[0]
    monkeypatch.setattr("workbench.data.token_preprocessing._CHUNK", 300)
    assert np.concatenate([BPE._ids([chunk])[0] for chunk in chunks_of(text, 300)]).tolist() == whole
    monkeypatch.setattr("workbench.data.token_preprocessing._WORTH_KEEPING", 1)
    assert BPE.stream([text]).tolist() == whole  # made and kept
    assert BPE.ids_of(text).tolist() == whole
    monkeypatch.setattr(SubwordPreprocessing, "_ids", lambda *_: pytest.fail("encoded again"))
    assert BPE.stream([text]).tolist() == whole


def test_one_endless_line_is_cut_at_blanks_or_anywhere():
    assert "".join(chunks_of("a" * 1000 + " b" * 500, 300)) == "a" * 1000 + " b" * 500
    assert max(map(len, chunks_of("a" * 1000, 300))) == 300


@pytest.mark.slow  # a process of its own, since the library draws its order once in a process
def test_equal_texts_give_equal_ids_in_every_process():
    code = (
        "import sys; from workbench.data.token_preprocessing import trained_wordpiece as t;"
        "import hashlib; print(hashlib.md5(t([sys.argv[1]], 200, ('mask',)).encode()).hexdigest())"
    )
    text = "".join(TEXTS)
    made = {
        subprocess.run([sys.executable, "-c", code, text], capture_output=True, text=True, check=True).stdout
        for _ in range(4)
    }
    assert len(made) == 1
    inner = json.loads(trained_wordpiece([text], 200, ("mask",)))
    assert [added["content"] for added in inner["added_tokens"]] == ["[PAD]", "[UNK]", "[MASK]"]


def test_an_empty_vocabulary_is_refused():
    for tokens in ("bpe", "wordpiece"):
        with pytest.raises(UserError, match="nothing in the training texts"):
            SubwordPreprocessing.fitted_to(["", " \n"], asked(tokens=tokens))


def test_lone_surrogates_are_survived():
    assert len(BPE.encode("cat \ud800")) == 16
    assert len(SubwordPreprocessing.fitted_to(["cat \ud800 cat"], asked()).stream(["\ud800"])) > 0


@pytest.mark.parametrize("part", ["pre_tokenizer", "normalizer", "decoder"])
def test_a_tokenizer_with_an_unknown_regular_expression_is_refused(part: str):
    plain = json.loads(BPE.tokenizer)
    unknown = {"Regex": "a+b"}
    cutting = {"type": "Split", "pattern": unknown, "behavior": "Isolated", "invert": False}
    plain[part] = {
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [cutting]},
        "normalizer": {"type": "Replace", "pattern": unknown, "content": "b"},
        "decoder": {"type": "Replace", "pattern": unknown, "content": "b"},
    }[part]
    with pytest.raises(UserError, match=r"regular expression that is not known: a\+b"):
        tokenizer_from(json.dumps(plain))


def test_known_expressions_and_plain_texts_are_let_in():
    plain = json.loads(BPE.tokenizer)
    llama = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    llama += r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    plain["pre_tokenizer"] = {
        "type": "Sequence",
        "pretokenizers": [
            {"type": "Split", "pattern": {"Regex": llama}, "behavior": "Isolated", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False},
        ],
    }
    plain["normalizer"] = {"type": "Replace", "pattern": {"String": "``"}, "content": '"'}
    assert tokenizer_from(json.dumps(plain)).encode("the cat").ids == BPE.stream(["the cat"]).tolist()


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "nonsense", '{"model": {}}', '{"model": {"vocab": 3}}', "[" * 100_000]
)
def test_what_is_no_tokenizer_is_refused(text: str):
    with pytest.raises(UserError, match="not a tokenizer"):
        tokenizer_from(text)


def test_a_word_that_never_ends_is_learned_from_in_pieces():
    text = "ab" * 4000
    tokenizer = json.loads(trained_bpe([text], 400))
    longest = max(map(len, tokenizer["model"]["vocab"]))
    assert longest <= 1001  # with the blank before it
    made = SubwordPreprocessing("bpe", json.dumps(tokenizer), 8)
    assert made.decode(made.stream([text])) == text


def test_architectures_that_ask_for_parts_of_words_get_them():
    dataset: Any = SimpleNamespace(
        inputs=Inputs("text", ()), training=SimpleNamespace(texts=lambda: ["one two three"] * 9), facts={}
    )
    for tokens in ("bpe", "wordpiece"):
        made = preprocessing.fit(dataset, asked(tokens=tokens, vocabulary=300, length=5))
        assert isinstance(made, SubwordPreprocessing)
        again: Any = preprocessing.from_plain(made.to_plain())
        assert again == made
    assert not isinstance(preprocessing.fit(dataset, asked(tokens="word")), SubwordPreprocessing)
