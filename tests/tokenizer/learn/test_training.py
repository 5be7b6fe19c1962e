"""Training can be interrupted and resumed, and the result is the same."""

from functools import partial
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokenizer import ByteLevelBPE, LectureBPE, WordPiece
from tokenizer.formats.gpt2_files import spell, unspell
from tokenizer.learn import incremental, incremental_likelihood, training
from tokenizer.learn.likelihood import LikelyMerge, spell_out
from tokenizer.learn.training import MergesFile, fingerprint, learn_up_to
from tokenizer.merges import Merge

TEXT = "the lowest of the newest and the widest learning transformers, 漢字漢字 café \u00a0\t\n" * 20
KINDS = pytest.mark.parametrize("kind", [ByteLevelBPE, LectureBPE, WordPiece])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "merges so far.txt"


def interrupt_at(number):
    """A callback that presses Ctrl-C at a merge."""
    seen = []

    def on_merge(merge):
        seen.append(merge)
        if len(seen) == number:
            raise KeyboardInterrupt

    return on_merge


@KINDS
@pytest.mark.parametrize("number", [1, 7, 20])
def test_an_interrupted_training_goes_on_where_it_was(kind, path, number):
    complete, resumed = [], []
    expected = kind.train(TEXT, 290, on_merge=complete.append)
    with pytest.raises(KeyboardInterrupt):
        kind.train(TEXT, 290, resume=path, on_merge=interrupt_at(number))
    assert len(path.read_text(encoding="utf-8").splitlines()) == 1 + number
    assert kind.train(TEXT, 290, resume=path, on_merge=resumed.append).vocab == expected.vocab
    assert resumed == complete


def test_merges_that_are_known_are_not_found_again(path):
    found = []

    def learn(words):
        for merge in incremental.learn_merges(words):
            found.append(merge)
            yield merge

    complete = LectureBPE.train(TEXT, 50, learn=learn).history
    assert found == complete
    known = LectureBPE.train(TEXT, 40, resume=path).history
    assert 0 < len(known) < len(complete)
    found.clear()
    assert LectureBPE.train(TEXT, 50, resume=path, learn=learn).history == complete
    assert found == complete[len(known) :]


@given(
    st.dictionaries(st.text("ab", min_size=1, max_size=12), st.integers(1, 4), max_size=12),
    st.integers(0, 20),
)
def test_learning_may_stop_anywhere(tmp_path_factory, counts, stop):
    merges_file = MergesFile(tmp_path_factory.mktemp("merges") / "merges.txt", "letters", Merge, str, str)
    complete = learn_up_to(1000, counts, list, incremental.learn_merges)
    assert learn_up_to(stop, counts, list, incremental.learn_merges, file=merges_file) == complete[:stop]
    assert learn_up_to(1000, counts, list, incremental.learn_merges, file=merges_file) == complete


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=12), st.integers(1, 30), max_size=12),
    st.integers(0, 20),
    st.integers(1, 40),
)
def test_likely_merges_may_stop_anywhere_too_however_low_the_bar_is_by_then(tmp_path_factory, counts, stop, min_count):
    merges_file = MergesFile(tmp_path_factory.mktemp("merges") / "merges.txt", "letters", LikelyMerge, str, str)
    learn = partial(incremental_likelihood.learn_merges, min_count=min_count)
    complete = learn_up_to(1000, counts, spell_out, learn)
    assert learn_up_to(stop, counts, spell_out, learn, file=merges_file) == complete[:stop]
    assert learn_up_to(1000, counts, spell_out, learn, file=merges_file) == complete


def test_a_smaller_vocabulary_takes_the_first_merges_and_keeps_all(path):
    larger = ByteLevelBPE.train(TEXT, 290, resume=path)
    before = path.read_bytes()
    assert ByteLevelBPE.train(TEXT, 270, resume=path).merges == larger.merges[:14]
    assert path.read_bytes() == before


def test_merges_are_written_while_learning_goes_on(path, monkeypatch):
    monkeypatch.setattr(training, "SECONDS", -1.0)
    lines = []

    def on_merge(merge):
        lines.append(len(path.read_text(encoding="utf-8").splitlines()) if path.exists() else 0)

    bpe = ByteLevelBPE.train(TEXT, 270, resume=path, on_merge=on_merge)
    assert lines == [0, *range(2, 2 + len(bpe.merges) - 1)]  # a header and the merges before


def test_nothing_is_written_too_often(path, monkeypatch):
    written = []
    monkeypatch.setattr(training, "write_text", lambda path, text: written.append(path))
    ByteLevelBPE.train(TEXT, 290, resume=path)
    assert written == [path]


@KINDS
def test_merges_of_another_text_are_refused(kind, path):
    kind.train(TEXT, 290, resume=path)
    with pytest.raises(ValueError, match=r"so far\.txt: expected merges that were learnt from this text in this way"):
        kind.train(TEXT + "more", 290, resume=path)


def test_merges_of_another_kind_are_refused(path):
    counts = {"word": 3}
    MergesFile(path, "characters", Merge, str, str).write(fingerprint(counts), [])
    with pytest.raises(ValueError, match=r"expected merges that .*'#merges of bytes, .*got '#merges of characters,"):
        MergesFile(path, "bytes", Merge, spell, unspell).read(fingerprint(counts))


@pytest.mark.parametrize("settings", [{"lowercase": False}, {"min_count": 4}, {}])
def test_pieces_that_were_learnt_with_other_settings_are_refused(settings, path):
    """{}: nothing is said, and the vocabulary's size decides which pairs wait."""
    text = "small letters only, so that there is nothing to lower " * 9
    WordPiece.train(text, 60, resume=path, min_count=None if settings == {} else 3)
    with pytest.raises(
        ValueError, match=r"expected merges .*cased pieces, min_count \d+, .*got '#merges of uncased pieces"
    ):
        WordPiece.train(text, 70, resume=path, **({"min_count": 3, **settings} if settings else {}))


def test_a_larger_wordpiece_goes_on_from_a_smaller_one_of_the_same_min_count(path):
    WordPiece.train(TEXT, 60, min_count=5, resume=path)
    resumed, complete = [], []
    WordPiece.train(TEXT, 90, min_count=5, resume=path, on_merge=resumed.append)
    WordPiece.train(TEXT, 90, min_count=5, on_merge=complete.append)
    assert resumed == complete


@pytest.mark.parametrize("line", ["a b", "a b c d", "a b many", "a 漢 3", "", " a b 3"])
def test_a_damaged_file_is_named_with_its_line(path, line):
    bpe = ByteLevelBPE.train(TEXT, 270, resume=path)
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + len(bpe.merges)
    lines[4] = line
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=r"so far\.txt, line 5: expected a merge and its count, got"):
        ByteLevelBPE.train(TEXT, 270, resume=path)


def test_a_merge_of_wordpiece_that_lacks_a_count_is_named(path):
    WordPiece.train(TEXT, 60, resume=path)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[2] = lines[2].rsplit(" ", 1)[0]
    path.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=r"so far\.txt, line 3: expected a merge and its count, got"):
        WordPiece.train(TEXT, 60, resume=path)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"#merges of bytes\n"])
def test_a_file_of_something_else_is_refused(path, data):
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"so far\.txt: expected"):
        ByteLevelBPE.train(TEXT, 270, resume=path)


def test_the_fingerprint_is_that_of_the_counts_whatever_their_order():
    counts = {"a": 1, "b": 2, "ab": 3}
    assert fingerprint(counts) == fingerprint(dict(reversed(counts.items())))
    others = [{"a": 1, "b": 2, "ab": 4}, {"a": 1, "b": 2, "abc": 3}, {"a": 1, "b": 2}, {"a": 12, "b": 2, "ab": 3}]
    assert len({fingerprint(other) for other in [counts, *others]}) == 5
    assert fingerprint({"x": 1, "y": 2}) != fingerprint({"x2 y": 1})  # where one word ends is part of it


def test_no_merge_too_many_is_found():
    def endless(words):
        yield from islice(incremental.learn_merges(words), 3)
        raise AssertionError("a fourth merge was asked for")

    assert len(learn_up_to(3, {"abcdefgh": 1}, list, endless)) == 3
