"""`python -m tokenizer`: files and pipes, UTF-8 whatever the platform, and errors of one line."""

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tokenizer import ByteLevelBPE, LectureBPE, WordPiece, WordVocabulary
from tokenizer.__main__ import main
from tokenizer.command import commands as command_line
from tokenizer.command.progress import Progress
from tokenizer.formats.bert_files import SPECIAL_TOKENS

ROOT = Path(__file__).resolve().parents[3]
END = "<|end of text|>"
TEXT = f"the lowest of the newest\r\n\r\nand the widest, café 漢字{END}\n" * 20


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(TEXT.encode())
    return str(path)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A folder for each kind of tokenizer."""
    folder = tmp_path_factory.mktemp("tokenizers")
    ByteLevelBPE.train(TEXT, 300, [END]).save(folder / "byte")
    LectureBPE.train(TEXT, 50).save(folder / "lecture")
    WordPiece.train(TEXT, 63, min_count=30).save(folder / "wordpiece")
    WordVocabulary.train(TEXT, 8).save(folder / "words")
    return {kind: str(folder / kind) for kind in ("byte", "lecture", "wordpiece", "words")}


def pipe(monkeypatch, data):
    """Standard input is these bytes."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii"))


def run(*arguments, data=b"", **variables):
    """The program in a process of its own, on a platform whose default is not UTF-8."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "tokenizer", *arguments]
    return subprocess.run(command, env=environment | variables, input=data, capture_output=True, check=False)


def test_what_was_trained_encodes_and_decodes_every_byte_of_a_text(text, tmp_path, monkeypatch, capsysbinary):
    folder = str(tmp_path / "bpe")
    assert main(["train", text, "--out", folder, "--vocab-size", "300", "--special", END]) == 0
    assert ByteLevelBPE.load(folder).merges == ByteLevelBPE.train(TEXT, 300, [END]).merges
    capsysbinary.readouterr()
    assert main(["encode", folder, text]) == 0
    ids = capsysbinary.readouterr().out
    assert [int(line) for line in ids.split(b"\n")[:-1]] == ByteLevelBPE.load(folder).encode(TEXT)
    pipe(monkeypatch, ids)
    assert main(["decode", folder]) == 0
    assert capsysbinary.readouterr().out == TEXT.encode()


def test_pipes_are_utf8_whatever_the_platform_says(tmp_path):
    folder = str(tmp_path / "bpe")
    trained = run("train", "--out", folder, "--vocab-size", "300", "--special", END, data=TEXT.encode())
    assert (trained.returncode, trained.stdout) == (0, b"")
    ids = run("encode", folder, "-", data=TEXT.encode())
    assert [int(line) for line in ids.stdout.split()] == ByteLevelBPE.train(TEXT, 300, [END]).encode(TEXT)
    assert run("decode", folder, data=ids.stdout).stdout == TEXT.encode()
    shown = run("show", folder, data="the 漢字".encode())
    assert (shown.returncode, shown.stdout.decode(), shown.stderr) == (0, "the| 漢字\n", b"")
    assert run("show", folder, "--text", "the 漢字").stdout.decode() == "the| 漢字\n"


def test_a_text_in_two_processes_gives_the_same_tokenizer(tmp_path):
    text = str(tmp_path / "large.txt")
    Path(text).write_bytes(TEXT.encode() * 600)  # large enough for two
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    assert run("train", text, "--out", one, "--vocab-size", "290").returncode == 0
    assert run("train", text, "--out", two, "--vocab-size", "290", "--processes", "2").returncode == 0
    assert (tmp_path / "one" / "merges.txt").read_bytes() == (tmp_path / "two" / "merges.txt").read_bytes()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("lecture", "the newest , and the lowest\n"),
        ("wordpiece", "the newest , and the lowest\n"),
        ("words", "the <unk> , and the <unk>\n"),
    ],
)
def test_other_kinds_give_words_back(kind, expected, folders, monkeypatch, capsys):
    pipe(monkeypatch, b"the newest,  and\nthe lowest")
    assert main(["encode", folders[kind]]) == 0
    pipe(monkeypatch, capsys.readouterr().out.encode())
    assert main(["decode", folders[kind]]) == 0
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("byte", f"the| newest|\n| |x|y|{END}|\n"),
        ("lecture", "the newest\nx|y < | end of text | >\n"),
        ("wordpiece", "the n|##e|##west\n[UNK] < | end of te|##xt | >\n"),
        ("words", "the <unk>\n<unk> < | <unk> of <unk> | >\n"),
    ],
)
def test_without_colours_bars_stand_between_the_pieces(kind, expected, folders, capsys, monkeypatch):
    shown = f"the newest\n xy{END}\n"
    assert main(["show", folders[kind], "--text", shown]) == 0
    pipe(monkeypatch, shown.encode())
    assert main(["show", folders[kind]]) == 0
    assert capsys.readouterr().out == expected * 2


def test_a_terminal_gets_colours(folders, monkeypatch, capsys):
    monkeypatch.setattr(command_line.terminal, "shows_colours", lambda: True)
    assert main(["show", folders["byte"], "--text", "the newest"]) == 0
    assert capsys.readouterr().out == "\x1b[38;5;16;48;5;152mthe\x1b[0m\x1b[38;5;16;48;5;223m newest\x1b[0m\n"


def test_steps_and_tree_show_how_a_word_came_together(folders, capsys):
    assert main(["show", folders["byte"], "--steps", " of the"]) == 0
    assert capsys.readouterr().out == (
        "␣ o f\n␣ of   17: o + f\n␣of    28: ␣ + of\n\n"
        "␣ t h e\n␣ th e   1: t + h\n␣ the    2: th + e\n␣the     6: ␣ + the\n\n"
    )
    assert main(["show", folders["lecture"], "--tree", "the"]) == 0
    assert capsys.readouterr().out == (
        "t  h  e  </w>\n└┬─┘  │   │    2: th\n └─┬──┘   │    3: the\n   └──┬───┘    4: the</w>\n\n"
    )


def test_steps_of_wordpiece_take_piece_after_piece_off_a_word(folders, capsys):
    assert main(["show", folders["wordpiece"], "--steps", "Newest [MASK] xy"]) == 0
    expected = "newest\nn ##ewest\nn ##e ##west\n\n[MASK]\n\nxy\nx ##y\n[UNK]\n\n"
    assert capsys.readouterr().out == expected


def test_merges_are_printed_as_they_are_learnt(text, tmp_path, capsys):
    arguments = ["train", text, "--out", str(tmp_path / "bpe"), "--vocab-size", "259", "--show-merges"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out == "t + h -> th  (60 times)\nth + e -> the  (60 times)\ns + t -> st  (60 times)\n"
    assert captured.err == f"{tmp_path / 'bpe'}: 259 tokens\n"


@pytest.mark.parametrize("kind", ["byte", "lecture", "wordpiece"])
def test_the_line_about_reading_is_gone_before_learning_begins(kind, text, tmp_path, monkeypatch):
    events = []
    monkeypatch.setattr(Progress, "update", lambda progress, *_: events.append((progress.what, "update")))
    monkeypatch.setattr(Progress, "close", lambda progress: events.append((progress.what, "close")))
    assert main(["train", text, "--out", str(tmp_path / "new"), "--vocab-size", "300", "--kind", kind]) == 0
    assert list(dict.fromkeys(events)) == [
        *[("reading", "update"), ("reading", "close")],
        *[("learning", "update"), ("learning", "close")],
    ]


def test_wordpiece_has_options_of_its_own(text, tmp_path):
    arguments = ["train", text, "--kind", "wordpiece", "--vocab-size", "70", "--out"]
    assert main([*arguments, str(tmp_path / "uncased")]) == 0
    assert WordPiece.load(tmp_path / "uncased").vocab == WordPiece.train(Path(text), 70).vocab
    assert main([*arguments, str(tmp_path / "cased"), "--cased", "--min-count", "1", "--special", END]) == 0
    special = [*SPECIAL_TOKENS, END]
    expected = WordPiece.train(Path(text), 70, special, lowercase=False, min_count=1)
    loaded = WordPiece.load(tmp_path / "cased")
    assert (loaded.vocab, loaded.lowercase, loaded.special_tokens) == (expected.vocab, False, special)


def test_words_may_be_too_rare(text, tmp_path):
    with open(text, "a", encoding="utf-8") as file:
        file.write("once")
    arguments = ["train", text, "--kind", "words", "--vocab-size", "70", "--min-count", "2", "--out", str(tmp_path)]
    assert main(arguments) == 0
    assert "once" not in WordVocabulary.load(tmp_path).ids


@pytest.mark.parametrize("kind", ["byte", "lecture", "wordpiece"])
def test_an_interrupted_training_goes_on_with_the_same_command(kind, text, tmp_path, capsys, monkeypatch):
    def arguments(out):
        return ["train", text, "--out", str(tmp_path / out), "--vocab-size", "300", "--kind", kind]

    def interrupt(progress, done, total):
        if done == 5:
            raise KeyboardInterrupt

    assert main(arguments("at once")) == 0
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "update", interrupt)
        assert main(arguments("twice")) == 130
    kept = tmp_path / "twice" / command_line.UNFINISHED
    assert f"{kept} keeps the merges so far; the same command resumes from there" in capsys.readouterr().err
    assert len(kept.read_text(encoding="utf-8").splitlines()) == 1 + 5
    assert main(arguments("twice")) == 0
    assert not kept.exists()
    files = sorted(path.name for path in (tmp_path / "at once").iterdir())
    assert sorted(path.name for path in (tmp_path / "twice").iterdir()) == files
    for file in files:
        assert (tmp_path / "twice" / file).read_bytes() == (tmp_path / "at once" / file).read_bytes()


def errors(folders, tmp_path, text):
    """What is wrong, and how the error begins."""
    (tmp_path / "latin1.txt").write_bytes(b"caf\xe9 au lait")
    train = ["train", "--out", str(tmp_path / "new")]
    yield [*train, text, "--vocab-size", "10"], "vocab_size: expected at least 256"
    yield [*train, "--vocab-size", "300"], "texts: expected at least one character"  # standard input is empty
    yield [*train, str(tmp_path / "missing.txt"), "--vocab-size", "300"], f"{tmp_path / 'missing.txt'}: No such"
    yield [*train, str(tmp_path), "--vocab-size", "300"], f"{tmp_path}: Is a directory"
    yield ["train", text, "--out", text, "--vocab-size", "300"], f"--out: expected a folder, got the file {text}"
    yield (
        [*train, text, "--vocab-size", "300", "--kind", "words", "--special", "<s>"],
        "--special: expected --kind byte or wordpiece, got words",
    )
    yield [*train, text, "--vocab-size", "300", "--cased"], "--cased: expected --kind wordpiece, got byte"
    yield (
        [*train, text, "--vocab-size", "300", "--kind", "lecture", "--min-count", "2"],
        "--min-count: expected --kind wordpiece or words, got lecture",
    )
    yield (
        ["train", text, "--out", folders["byte"], "--vocab-size", "300", "--kind", "words"],
        "--out: expected a folder without another kind of tokenizer, got",
    )
    yield ["encode", str(tmp_path), text], f"{tmp_path}: expected the folder of one tokenizer"
    yield ["encode", folders["byte"], str(tmp_path / "latin1.txt")], f"{tmp_path / 'latin1.txt'}: expected UTF-8 text"
    yield ["decode", folders["byte"], text], "ids: expected numbers with white space between them, got 'the'"
    for kind, folder in folders.items():
        for option in "--steps", "--tree":
            yield ["show", folder, option, ""], f"{option}: expected a word, got ''"
            yield ["show", folder, option, "x" * 1001], f"{option}: expected words of at most 1000 characters"
        for ids in "1_0", "+1", "\uff11", "1.0", "0x1", "-", "9" * 19:
            (tmp_path / f"{kind} {ids}.txt").write_text(f"1 {ids} 2", encoding="utf-8")
            yield ["decode", folder, str(tmp_path / f"{kind} {ids}.txt")], f"ids: expected numbers .* got {ids!r}"
    yield ["show", folders["words"], "--tree", "word"], f"{folders['words']}: expected a tokenizer that learnt pieces"
    yield ["show", folders["wordpiece"], "--tree", "word"], "--tree: expected a tokenizer with merges, got WordPiece"


def test_an_error_is_one_line_and_exit_code_2(folders, tmp_path, text, monkeypatch, capsys):
    for arguments, message in errors(folders, tmp_path, text):
        pipe(monkeypatch, b"")
        assert main(arguments) == 2, arguments
        captured = capsys.readouterr()
        assert re.match(f"error: {re.escape(message)}".replace(re.escape(" .* "), ".*"), captured.err), arguments
        assert captured.err.count("\n") == 1
        assert captured.out == ""


@pytest.mark.parametrize("id", [b"100000", b"-1"])
def test_an_id_outside_the_vocabulary_is_refused(id, folders, monkeypatch, capsys):
    for kind in folders:
        pipe(monkeypatch, id)
        assert main(["decode", folders[kind]]) == 2
        assert f"got {id.decode()}" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["byte", "wordpiece"])
def test_a_tokenizer_json_is_as_good_as_a_folder(kind, folders, tmp_path, monkeypatch, capsys):
    file = str(tmp_path / "tokenizer.json")
    command_line.load(Path(folders[kind])).save(file)
    for command in ["show", "--text", "the newest café"], ["show", "--steps", "newest"], ["encode"]:
        outputs = []
        for tokenizer in folders[kind], file:
            pipe(monkeypatch, "the newest café".encode())
            assert main([command[0], tokenizer, *command[1:]]) == 0
            outputs.append(capsys.readouterr().out)
        assert outputs[0] == outputs[1] != ""


def test_a_file_that_is_no_tokenizer_is_refused(tmp_path, capsys):
    for value in "[]", '{"model": {"type": "Unigram"}}', '{"model": {"type": "Unigram", "merges": []}}':
        (tmp_path / "other.json").write_text(value, encoding="utf-8")
        assert main(["show", str(tmp_path / "other.json"), "--text", "x"]) == 2
        assert capsys.readouterr().err.startswith(f"error: {tmp_path / 'other.json'}: expected")


def test_a_folder_of_two_tokenizers_is_refused(folders, tmp_path, capsys):
    LectureBPE.load(folders["lecture"]).save(tmp_path)
    WordVocabulary.load(folders["words"]).save(tmp_path)
    assert main(["show", str(tmp_path), "--text", "x"]) == 2
    assert "expected the folder of one tokenizer, with one of" in capsys.readouterr().err


def test_damaged_files_are_named(folders, tmp_path, capsys):
    ByteLevelBPE.load(folders["byte"]).save(tmp_path)
    for file in "vocab.json", "merges.txt":
        whole = (tmp_path / file).read_bytes()
        (tmp_path / file).write_bytes(whole[: len(whole) // 2])
        assert main(["show", str(tmp_path), "--text", "x"]) == 2
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert error.count("\n") == 1
        (tmp_path / file).write_bytes(whole)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no broken pipes, but errors of its own")
@pytest.mark.parametrize("lines", [0, 1])
def test_a_reader_that_has_had_enough_ends_the_program_quietly(lines, folders, tmp_path):
    """No line read: the program's last flush fails. One: a write in the middle."""
    file = tmp_path / "text.txt"
    file.write_text(TEXT * 500 * lines + "the", encoding="utf-8")
    program = subprocess.Popen(
        [sys.executable, "-m", "tokenizer", "encode", folders["byte"], str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": ""},  # "": what is left unwritten is kept
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    for _ in range(lines):
        assert program.stdout.readline().strip().isdigit()
    program.stdout.close()
    assert program.stderr.read() == b""
    assert program.wait(timeout=60) == 1
    program.stderr.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process")
def test_ctrl_c_while_importing_is_no_traceback(tmp_path):
    (tmp_path / "regex.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n")
    run_there = run("encode", "anything", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert (run_there.returncode, run_there.stderr) == (130, b"\nInterrupted.\n")


@pytest.mark.parametrize("kind", command_line.KINDS)
@pytest.mark.parametrize("option", ["--vocab-size", "--min-count", "--processes"])
@pytest.mark.parametrize("value", ["0", "-5", "1_0", "+1", " 1", "\uff11", "1.0", "nan", "", "9" * 19])
def test_a_number_that_is_none_is_refused_with_the_name_of_its_option(kind, option, value, text, tmp_path, capsys):
    arguments = ["train", text, "--kind", kind, "--out", str(tmp_path / "new"), "--vocab-size", "300", option, value]
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    expected = f"error: argument {option}: expected an integer of at least 1, got {value!r}\n"
    assert capsys.readouterr().err.endswith(expected)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("kind", command_line.KINDS)
def test_only_a_line_feed_ends_a_line(kind, folders, monkeypatch, capsys):
    """Python's splitlines would also split at a form feed, at U+2028 and at U+0085."""
    shown = "the\x0cthe\u2028the\x85the\r\n\n\nthe"
    outputs = []
    for text in shown, shown + "\n":
        pipe(monkeypatch, text.encode())
        assert main(["show", folders[kind]]) == 0
        assert main(["show", folders[kind], "--text", text]) == 0
        outputs.append(capsys.readouterr().out)
    lines = outputs[0].split("\n")
    assert len(lines) == 9  # four and four, and the end of the last one
    assert lines[:4] == lines[4:8]
    assert lines[1:3] == ["", ""] or kind == "byte"  # whose bars are where the tokens end
    assert outputs[1].replace("|\n", "\n") == outputs[0].replace("|\n", "\n")


@pytest.mark.parametrize("arguments", [[], ["walk"], ["train"], ["train", "--vocab-size", "many"], ["show"]])
def test_a_command_that_does_not_exist_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as raised:
        main(arguments)
    assert raised.value.code == 2
    assert "usage: python -m tokenizer" in capsys.readouterr().err
