"""Text in, text out: loading a folder, writing, filling in, embedding; and the same on the command line."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from minigrad.errors import CheckpointError, MinigradError
from models import text
from models.__main__ import main
from models.bert import BERT
from models.gpt import GPT, GPTConfig
from models.sampling import GREEDY, Sampling
from models.t5 import T5, T5Config
from tests.gpu_double import waits
from tokenizer import ByteLevelBPE, WordPiece

# -- loading ----------------------------------------------------------------------------------------


def test_a_folder_says_which_model_and_which_tokenizer_it_holds(gpt_folder, bert_folder):
    gpt, bpe = text.load(gpt_folder)
    bert, wordpiece = text.load(bert_folder)
    assert (type(gpt), type(bpe)) == (GPT, ByteLevelBPE)
    assert (type(bert), type(wordpiece)) == (BERT, WordPiece)
    assert bpe.decode(bpe.encode("the Straße ∑")) == "the Straße ∑"
    assert wordpiece.lowercase


def test_a_tokenizer_json_will_do(gpt_folder, bert_folder, tmp_path):
    for folder, kind, sample in ((gpt_folder, ByteLevelBPE, "the cat"), (bert_folder, WordPiece, "the cat")):
        model, tokenizer = text.load(folder)
        copy = tmp_path / folder.name
        model.save_pretrained(copy)
        tokenizer.save(copy / "tokenizer.json")
        _, again = text.load(copy)
        assert type(again) is kind
        assert again.encode(sample) == tokenizer.encode(sample)


def test_what_cannot_be_loaded_is_said(gpt_folder, tmp_path):
    with pytest.raises(CheckpointError, match="there is no folder"):
        text.load(tmp_path / "nowhere")
    model, tokenizer = text.load(gpt_folder)
    model.save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match=r"no tokenizer for gpt2: expected merges\.txt or tokenizer\.json"):
        text.load(tmp_path)
    tokenizer.save(tmp_path)
    GPT(GPTConfig(100, 8, 16, 1, 2)).save_pretrained(tmp_path)
    with pytest.raises(CheckpointError, match="id 299, which is not in the model's vocabulary of 100"):
        text.load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(CheckpointError, match="expected a model of gpt2, gpt_neox, bert, t5, got llama"):
        text.load(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="expected a model_type, got None"):
        text.load(tmp_path)


def test_without_sentencepiece_a_t5_says_what_to_install(tmp_path, monkeypatch):
    T5(T5Config(30, 12, 20, 1, n_heads=3)).save_pretrained(tmp_path)
    (tmp_path / "spiece.model").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "sentencepiece", None)
    with pytest.raises(MinigradError, match=r'pip install "minigrad\[t5\]"'):
        text.load(tmp_path)


# -- writing ----------------------------------------------------------------------------------------


def test_the_text_goes_on_with_what_the_model_generates(gpt_folder):
    gpt, bpe = text.load(gpt_folder)
    ids = np.array([bpe.encode("the cat")])
    expected = bpe.decode(gpt.generate(ids, 8, Sampling(temperature=0.9, top_k=20), seed=5)[0, ids.shape[1] :].tolist())
    assert text.write(gpt, bpe, "the cat", 8, Sampling(temperature=0.9, top_k=20), seed=5) == expected
    assert text.write(gpt, bpe, "the cat", 0) == ""


def test_what_is_written_is_told_as_it_comes_and_never_half_a_character(gpt_folder):
    gpt, bpe = text.load(gpt_folder)
    pieces: list[str] = []
    written = text.write(gpt, bpe, "the", 40, seed=2, on_token=pieces.append)
    assert len(pieces) > 10
    assert written.startswith("".join(pieces))
    assert not any(piece.endswith("\ufffd") for piece in pieces)


def test_an_end_of_text_ends_the_text(gpt_folder):
    gpt, bpe = text.load(gpt_folder)
    lengths = [
        len(text.write(gpt, bpe, "the", 60, Sampling(temperature=3.0, top_k=250), seed=seed)) for seed in range(12)
    ]
    end = bpe.ids[b"<|endoftext|>"]
    gpt.token_embedding.weight.data[end] *= 30  # now likely, or never
    shorter = [
        len(text.write(gpt, bpe, "the", 60, Sampling(temperature=3.0, top_k=250), seed=seed)) for seed in range(12)
    ]
    assert min(shorter) < min(lengths)
    assert "<|endoftext|>" not in text.write(gpt, bpe, "", 5)  # an empty text starts behind one


def test_beams_find_the_likeliest_text(gpt_folder):
    gpt, bpe = text.load(gpt_folder)
    greedy = text.write(gpt, bpe, "the", 6, GREEDY)
    assert text.write(gpt, bpe, "the", 6, n_beams=1, sampling=GREEDY) == greedy
    assert isinstance(text.write(gpt, bpe, "the", 6, n_beams=4), str)


# -- filling in and embedding -----------------------------------------------------------------------


def test_each_mask_gets_its_likeliest_pieces(bert_folder):
    bert, wordpiece = text.load(bert_folder)
    filled = text.fill(bert, wordpiece, "the [MASK] sat on the [MASK] .", n_best=3)
    assert [len(best) for best in filled] == [3, 3]
    ids = np.array([wordpiece.encode("the [MASK] sat on the [MASK] .", add_special_tokens=True)])
    logits = bert.masked_lm_logits(bert(ids)).data[0, 2]
    probs = np.exp(logits) / np.exp(logits).sum()
    assert [piece for piece, _ in filled[0]] == [wordpiece.vocab[id] for id in np.argsort(-probs)[:3]]
    np.testing.assert_allclose([prob for _, prob in filled[0]], np.sort(probs)[::-1][:3], rtol=1e-4)
    with pytest.raises(ValueError, match=r"must have a \[MASK\]"):
        text.fill(bert, wordpiece, "the cat")


@pytest.mark.parametrize("family", ["gpt", "bert"])
def test_a_vector_is_the_mean_of_the_hidden_states_whatever_else_is_in_the_batch(family, gpt_folder, bert_folder):
    model, tokenizer = text.load(gpt_folder if family == "gpt" else bert_folder)
    texts = ["the cat sat", "the", "the dog sat on the mat and the"]
    special = {"add_special_tokens": True} if family == "bert" else {}
    alone = [model.hidden_states(np.array([tokenizer.encode(one, **special)])).data[0].mean(axis=0) for one in texts]
    for batch_size in (1, 2, 32):
        found = list(text.embed(model, tokenizer, texts, batch_size))
        np.testing.assert_allclose(found, alone, rtol=1e-4, atol=1e-5)
        assert found[0].dtype == np.float32


def test_a_text_without_a_token_has_no_vector(gpt_folder):
    with pytest.raises(ValueError, match="got '' as number 1"):
        list(text.embed(*text.load(gpt_folder), ["the", ""]))

    vectors = list(text.embed(*text.load(gpt_folder), ["the", "", "", "cat"], batch_size=2, zeros_without_token=True))
    assert [bool(vector.any()) for vector in vectors] == [True, False, False, True]


def test_a_text_that_has_no_vector_is_named(gpt_folder, bert_folder, diverged):
    for folder, expected in (
        (gpt_folder, "24 tokens"),
        (bert_folder, r"24 tokens with \[CLS\] and \[SEP\]"),
    ):
        vectors = text.embed(*text.load(folder), ["the"] * 3 + ["sat " * 40], batch_size=2)
        next(vectors)
        with pytest.raises(text.TextError, match=rf"at most {expected} each, got \d+ as number 3") as caught:
            list(vectors)
        assert caught.value.number == 3
    for folder in diverged.values():
        with pytest.raises(text.TextError, match=r"finite vector each, got a NaN .* from 'the'.*as number 0"):
            list(text.embed(*text.load(folder), ["the", "cat"]))
    gpt, bpe = text.load(gpt_folder)
    gpt.token_embedding.weight.data[bpe.encode("∑")] = np.inf
    with pytest.raises(text.TextError, match="as number 2"):
        list(text.embed(gpt, bpe, ["the", "cat", "∑"]))


@pytest.mark.parametrize("family", [GPT, BERT])
def test_embed_records_no_tape(family, gpt_folder, bert_folder, monkeypatch):
    model, tokenizer = text.load(gpt_folder if family is GPT else bert_folder)
    read, recorded = family.hidden_states, []

    def hidden_states(*arguments):
        hidden = read(*arguments)
        recorded.append(hidden.requires_grad)
        return hidden

    monkeypatch.setattr(family, "hidden_states", hidden_states)
    for _ in text.embed(model, tokenizer, ["the cat"] * 3, batch_size=1):
        pass
    assert recorded == [False] * 3
    assert model.hidden_states(np.array([[1, 2]])).requires_grad  # and afterwards it is on again


def test_embed_takes_no_more_memory_for_more_texts(gpt_folder):
    model, tokenizer = text.load(gpt_folder)
    peaks = []
    for n_texts in (8, 8, 80):  # the first time, kernels are compiled
        texts = ["the cat sat on the mat"] * n_texts
        tracemalloc.start()
        for _ in text.embed(model, tokenizer, texts, batch_size=8):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[2] < 1.2 * peaks[1]


# -- the command line -------------------------------------------------------------------------------


def test_generate_prints_the_beginning_and_what_follows(gpt_folder, capsys):
    gpt, bpe = text.load(gpt_folder)
    expected = "the cat" + text.write(gpt, bpe, "the cat", 12, Sampling(top_p=0.9), seed=3) + "\n"
    options = ["--model", str(gpt_folder), "--max-new-tokens", "12", "--seed", "3", "--top-p", "0.9"]
    assert main(["generate", "the cat", *options]) == 0
    assert capsys.readouterr().out == expected


def test_generate_reads_a_pipe_in_any_locale(gpt_folder):
    command = [sys.executable, "-m", "models", "generate", "--model", str(gpt_folder), "--max-new-tokens", "3"]
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(command, input="die Straße ∑\n".encode(), capture_output=True, env=environment, check=True)
    assert done.stdout.decode("utf-8").startswith("die Straße ∑")


def test_fill_prints_probabilities_and_the_filled_text(bert_folder, capsys):
    assert main(["fill", "the [MASK] sat", "--model", str(bert_folder), "--best", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "[MASK] 1:"
    assert [line.split()[0][-1] for line in lines[1:3]] == ["%", "%"]
    assert lines[1].split()[1] == "##t"
    assert lines[3] == "thet sat"  # as transformers' fill-mask joins it


@pytest.mark.parametrize(
    ("masked", "pieces", "expected"),
    [
        ("the cat [MASK] .", ["##s"], "the cats ."),
        ("The  cat [MASK], here", ["##s"], "The  cats, here"),
        ("[MASK] [MASK] sat", ["dog", "##s"], "dogs sat"),
        ("[MASK] sat", ["##s"], "##s sat"),
        ("(x[MASK]y)", ["dog"], "(x dog y)"),
        ("[MASK] and [MASK]", ["[MASK]", "b"], "[MASK] and b"),
        ("a [MASK]b", ["##s"], "as b"),
    ],
)
def test_a_piece_takes_the_place_of_each_mask_and_joins_the_word_that_it_ends(masked, pieces, expected):
    assert text.filled(masked, pieces) == expected


def test_embed_writes_vectors_or_prints_how_alike_lines_are(bert_folder, tmp_path, capsys):
    file, out = tmp_path / "lines.txt", tmp_path / "vectors.npy"
    file.write_text("the cat\n\nthe cat\nthe dog sat\n", encoding="utf-8")
    assert main(["embed", str(file), "--model", str(bert_folder), "--out", str(out)]) == 0
    vectors = np.load(out)
    assert vectors.shape == (4, 16)
    np.testing.assert_allclose(vectors[0], vectors[2], rtol=1e-4, atol=1e-5)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".tmp"] == []
    capsys.readouterr()
    assert main(["embed", str(file), "--model", str(bert_folder)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [rows[0][0], rows[0][2]] == ["1.00", "1.00"]
    assert rows[3][-3:] == ["the", "dog", "sat"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["generate", "x", "--model", "BERT"], "expected a model that writes"),
        (["fill", "x [MASK]", "--model", "GPT"], "expected a BERT"),
        (["fill", "x", "--model", "BERT"], r"must have a [MASK]"),
        (["generate", "x", "--model", "GPT", "--temperature", "-1"], "temperature must be a finite number at least 0"),
        (["embed", "nothing.txt", "--model", "GPT"], "nothing.txt"),
    ],
)
def test_what_makes_no_sense_is_one_line_of_error(arguments, message, gpt_folder, bert_folder, capsys):
    folders = {"GPT": str(gpt_folder), "BERT": str(bert_folder)}
    assert main([folders.get(argument, argument) for argument in arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1


COMMANDS = {
    "generate": ["generate", "the cat", "--model", "GPT", "--max-new-tokens", "5"],
    "fill": ["fill", "the [MASK] sat", "--model", "BERT"],
    "embed": ["embed", "LINES", "--model", "BERT"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_on_a_gpu_the_same_is_printed(command, gpt_folder, bert_folder, tmp_path, capsys, gpu):
    (tmp_path / "lines.txt").write_text("the cat\nthe dog sat\n", encoding="utf-8")
    files = {"GPT": gpt_folder, "BERT": bert_folder, "LINES": tmp_path / "lines.txt"}
    arguments = [str(files.get(argument, argument)) for argument in COMMANDS[command]]
    assert main(arguments) == 0
    expected = capsys.readouterr().out
    with waits() as n_waits:
        assert main([*arguments, "--device", "cuda"]) == 0
    assert capsys.readouterr().out == expected
    assert n_waits[0] > 0


def test_without_a_gpu_the_error_says_what_is_missing(gpt_folder, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert main(["generate", "the", "--model", str(gpt_folder), "--device", "cuda"]) == 2
    assert capsys.readouterr().err == 'error: device "cuda" needs CuPy: pip install "minigrad[cuda]"\n'
