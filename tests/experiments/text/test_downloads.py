"""The download of corpora, from a server of our own that breaks off, ignores ranges, or has another file."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from experiments.__main__ import main
from experiments.text import downloads
from experiments.text.downloads import CORPORA, Corpus, fetch
from models.http_requests import DownloadError
from tests.models.hub import Answer, Hub, contents, serving

DATA = bytes(range(256)) * 800  # 204,800 bytes
SHA256 = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A server that has the one corpus of the table, as /store/tiny.txt."""
    with serving() as hub:
        hub.files = {"tiny.txt": DATA}
        tiny = Corpus(f"{hub.url}/store/tiny.txt", len(DATA), SHA256, "a test", "public domain")
        monkeypatch.setattr(downloads, "CORPORA", {"tiny": tiny})
        yield hub


def test_a_corpus_is_fetched_once(server: Hub, tmp_path: Path):
    folder = tmp_path / "new" / "folder"
    assert fetch("tiny", folder) == fetch("tiny", str(folder)) == folder / "tiny.txt"
    assert contents(folder) == {"tiny.txt": DATA}
    assert server.fetched() == [("tiny.txt", None)]


def test_a_connection_that_breaks_is_resumed_in_the_same_call(server: Hub, tmp_path: Path):
    server.cuts = [1000, 500]
    fetch("tiny", tmp_path)
    assert contents(tmp_path) == {"tiny.txt": DATA}
    assert [piece for _, piece in server.fetched()] == [None, "bytes=1000-", "bytes=1500-"]


def test_what_an_earlier_call_has_fetched_is_kept(server: Hub, tmp_path: Path):
    server.cuts = [1000, 0]
    with pytest.raises(DownloadError, match=r"tiny\.txt stopped after 1,000 of 204,800 bytes: .*same call resumes it"):
        fetch("tiny", tmp_path)
    assert (tmp_path / "tiny.txt.part").read_bytes() == DATA[:1000]
    assert not (tmp_path / "tiny.txt").exists()
    fetch("tiny", tmp_path)
    assert contents(tmp_path) == {"tiny.txt": DATA}
    assert server.fetched()[-1] == ("tiny.txt", "bytes=1000-")


def test_a_server_that_ignores_ranges_sends_the_whole_file_again(server: Hub, tmp_path: Path):
    server.ranges = False
    server.cuts = [1000]
    fetch("tiny", tmp_path)
    assert contents(tmp_path) == {"tiny.txt": DATA}
    assert [piece for _, piece in server.fetched()] == [None, "bytes=1000-"]


def test_a_file_with_another_hash_is_removed_and_both_hashes_are_named(server: Hub, tmp_path: Path):
    server.files["tiny.txt"] = other = DATA[::-1]
    got = hashlib.sha256(other).hexdigest()
    with pytest.raises(DownloadError, match=rf"tiny\.txt must have the checksum {SHA256}, got {got}, so"):
        fetch("tiny", tmp_path)
    assert contents(tmp_path) == {}


def test_a_file_of_another_size_is_refused(server: Hub, tmp_path: Path):
    server.files["tiny.txt"] = b"<html>Please log in</html>"
    with pytest.raises(DownloadError, match=r"Content-Length must be the 204800 that were announced, got 26"):
        fetch("tiny", tmp_path)
    assert not (tmp_path / "tiny.txt").exists()


def test_a_damaged_file_is_fetched_again(server: Hub, tmp_path: Path):
    (tmp_path / "tiny.txt").write_bytes(DATA[:-1])
    fetch("tiny", tmp_path)
    assert contents(tmp_path) == {"tiny.txt": DATA}


def test_a_file_that_the_server_does_not_have_is_an_error(server: Hub, tmp_path: Path):
    server.files.clear()
    with pytest.raises(DownloadError, match=r"/store/tiny\.txt is not there \(status 404\)"):
        fetch("tiny", tmp_path)
    assert not (tmp_path / "tiny.txt").exists()


def test_a_server_that_has_an_error_is_tried_once(server: Hub, tmp_path: Path):
    def broken(to: Answer) -> None:
        to.say(503, {"Content-Length": "0"})

    server.instead["GET", "tiny.txt"] = broken
    with pytest.raises(DownloadError, match=r"stopped after 0 of 204,800 bytes: HTTP Error 503"):
        fetch("tiny", tmp_path)
    assert len(server.fetched()) == 1


def test_an_unknown_name_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match=r"no corpus is named 'sst' \(did you mean 'sst2'\?\); there are: tiny_shakes"):
        fetch("sst", tmp_path / "new")
    assert not (tmp_path / "new").exists()


# -- the table --------------------------------------------------------------------------------------


def test_every_corpus_can_be_fetched_into_one_folder():
    assert len({corpus.file for corpus in CORPORA.values()}) == len(CORPORA)
    assert len({corpus.sha256 for corpus in CORPORA.values()}) == len(CORPORA)


@pytest.mark.parametrize("name", CORPORA)
def test_every_corpus_has_an_address_a_size_and_a_checksum(name: str):
    corpus = CORPORA[name]
    assert urlsplit(corpus.address).scheme == "https"
    assert re.fullmatch(r"[\w.-]+\.(txt|zip|json|tsv)", corpus.file)
    assert re.fullmatch("[0-9a-f]{64}", corpus.sha256)
    assert corpus.size > 1000
    assert corpus.about
    assert corpus.licence


# -- the command ------------------------------------------------------------------------------------


def test_the_command_fetches_a_corpus(server: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["download", "tiny", "--to", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'tiny.txt'}: complete\n"
    assert contents(tmp_path) == {"tiny.txt": DATA}


def test_the_command_lists_the_corpora(server: Hub, capsys: pytest.CaptureFixture[str]):
    assert main(["download"]) == 0
    assert capsys.readouterr().out == "tiny                  0.2 MB  public domain    a test\n"
    assert server.requests == []


def test_the_command_says_what_is_wrong_in_one_line(server: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["download", "Tiny", "--to", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "error: no corpus is named 'Tiny' (did you mean 'tiny'?); there are: tiny\n"
    server.files.clear()
    assert main(["download", "tiny", "--to", str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: {server.url}/store/tiny.txt is not there (status 404)\n"
