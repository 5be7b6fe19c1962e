"""The downloader, against a server of our own that does what the hub does, and what it should not."""

import hashlib
import json
import re
import socket
from pathlib import Path

import pytest

from models import download as module
from models import partial_download
from models.download import REPOSITORIES, DownloadError, download
from models.pretrained.folder import INDEX, WEIGHTS
from tests.models.hub import COMMIT, CONFIG, LARGE, REPOSITORY, VOCAB, Hub, contents, git_sha1, part

# -- what is fetched --------------------------------------------------------------------------------


def test_config_weights_and_what_else_is_there_are_fetched(hub: Hub, tmp_path: Path):
    hub.files["README.md"] = b"not asked for"
    folder = tmp_path / "new" / "folder"
    assert download(REPOSITORY, folder, hub.url) == folder
    assert contents(folder) == {"config.json": CONFIG, "vocab.json": VOCAB, WEIGHTS: LARGE}


def test_all_files_come_from_the_commit_of_the_first(hub: Hub, tmp_path: Path):
    download(REPOSITORY, tmp_path, hub.url + "/", revision="a/b")
    asked = [path for method, path, _ in hub.requests if method == "HEAD"]
    assert asked[0] == f"/{REPOSITORY}/resolve/a%2Fb/config.json"
    assert {path.split("/")[-2] for path in asked[1:]} == {COMMIT}


def test_the_checksum_of_a_large_file_is_the_hubs_and_not_that_of_the_store(hub: Hub, tmp_path: Path):
    download(REPOSITORY, tmp_path, hub.url)
    assert ("HEAD", f"/store/{WEIGHTS}", None) not in hub.requests
    assert ("GET", f"/store/{WEIGHTS}", None) in hub.requests


def test_shards_are_fetched_where_the_weights_are_sharded(hub: Hub, tmp_path: Path):
    shards = {f"model-0000{i}-of-00002.safetensors": LARGE[i:] for i in (1, 2)}
    del hub.files[WEIGHTS]
    hub.files |= {**shards, INDEX: json.dumps({"weight_map": dict(zip("ab", shards, strict=True))}).encode()}
    hub.large = set(shards)
    download(REPOSITORY, tmp_path, hub.url)
    assert contents(tmp_path) == hub.files


def test_the_files_asked_for_are_the_ones_fetched(hub: Hub, tmp_path: Path):
    download(REPOSITORY, tmp_path, hub.url, ["vocab.json"])
    assert contents(tmp_path) == {"vocab.json": VOCAB}


def test_a_repository_that_has_moved_is_found(hub: Hub, tmp_path: Path):
    download("old/name", tmp_path, hub.url)
    assert contents(tmp_path) == hub.files


def test_an_empty_file_is_fetched(hub: Hub, tmp_path: Path):
    hub.files["merges.txt"] = b""
    download(REPOSITORY, tmp_path, hub.url)
    assert contents(tmp_path) == hub.files


def test_a_known_name_stands_for_a_repository(tmp_path: Path, hub: Hub, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(REPOSITORIES, "gpt2", REPOSITORY)
    download("gpt2", tmp_path, hub.url)
    assert contents(tmp_path) == hub.files


@pytest.mark.parametrize("name", ["gpt-2", "a/b/c", "../x", "a/b?c", "https://example.org"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str):
    with pytest.raises(ValueError, match="name must be owner/name, or one of gpt2, .*got " + re.escape(repr(name))):
        download(name, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("file", ["../config.json", "onnx/model.onnx", "", ".", "..", "/etc/passwd"])
def test_a_file_that_is_no_plain_name_is_refused(hub: Hub, tmp_path: Path, file: str):
    with pytest.raises(ValueError, match=re.escape(f"files must be plain names, got {file!r}")):
        download(REPOSITORY, tmp_path, hub.url, [file])
    assert hub.requests == []


# -- again, and going on ----------------------------------------------------------------------------


def test_what_is_there_is_not_fetched_again(hub: Hub, tmp_path: Path):
    download(REPOSITORY, tmp_path, hub.url)
    hub.requests.clear()
    download(REPOSITORY, tmp_path, hub.url)
    assert hub.fetched() == []


def test_what_is_there_but_differs_is_replaced(hub: Hub, tmp_path: Path):
    download(REPOSITORY, tmp_path, hub.url)
    (tmp_path / "vocab.json").write_bytes(VOCAB[::-1])
    (tmp_path / WEIGHTS).write_bytes(LARGE[::-1])
    hub.requests.clear()
    download(REPOSITORY, tmp_path, hub.url)
    assert contents(tmp_path) == hub.files
    assert hub.fetched() == [("vocab.json", None), (WEIGHTS, None)]


def test_a_connection_that_is_cut_is_taken_up_where_it_was(hub: Hub, tmp_path: Path):
    hub.cuts = [len(CONFIG), len(VOCAB), 1000, 50_000]
    download(REPOSITORY, tmp_path, hub.url)
    assert contents(tmp_path) == hub.files
    assert hub.fetched()[2:] == [(WEIGHTS, None), (WEIGHTS, "bytes=1000-"), (WEIGHTS, "bytes=51000-")]


def test_a_server_that_sends_nothing_more_is_an_error_and_the_next_call_goes_on(hub: Hub, tmp_path: Path):
    hub.cuts = [len(CONFIG), len(VOCAB), 1000, 0]
    with pytest.raises(DownloadError, match=r"stopped after 1,000 of 204,800 bytes: the connection was closed; the sa"):
        download(REPOSITORY, tmp_path, hub.url)
    assert part(tmp_path).read_bytes() == LARGE[:1000]
    assert not (tmp_path / WEIGHTS).exists()
    hub.requests.clear()
    download(REPOSITORY, tmp_path, hub.url)
    assert contents(tmp_path) == hub.files
    assert hub.fetched() == [(WEIGHTS, "bytes=1000-")]


def test_ctrl_c_keeps_the_part(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(partial_download, "_CHUNK", 4096)
        patch.setattr(partial_download.tqdm, "update", interrupted)
        with pytest.raises(KeyboardInterrupt):
            download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert part(tmp_path).read_bytes() == LARGE[:4096]
    hub.requests.clear()
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert contents(tmp_path) == {WEIGHTS: LARGE}
    assert hub.fetched() == [(WEIGHTS, "bytes=4096-")]


def test_a_server_without_ranges_starts_again(hub: Hub, tmp_path: Path):
    hub.ranges = False
    hub.cuts = [1000]
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert contents(tmp_path) == {WEIGHTS: LARGE}
    assert hub.fetched() == [(WEIGHTS, None), (WEIGHTS, "bytes=1000-")]


def test_a_server_without_ranges_that_always_breaks_off_is_given_up(hub: Hub, tmp_path: Path):
    hub.ranges = False
    hub.cuts = [1000] * 10
    with pytest.raises(DownloadError, match="stopped after 1,000 of 204,800 bytes"):
        download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert len(hub.fetched()) == 2


def test_the_part_of_a_file_that_has_changed_since_is_thrown_away(hub: Hub, tmp_path: Path):
    hub.cuts = [1000, 0]
    with pytest.raises(DownloadError, match="stopped after 1,000"):
        download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    hub.files[WEIGHTS] = LARGE[::-1]
    hub.requests.clear()
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert contents(tmp_path) == {WEIGHTS: LARGE[::-1]}
    assert hub.fetched() == [(WEIGHTS, None)]


def test_a_part_that_is_already_whole_is_not_fetched_again(hub: Hub, tmp_path: Path):
    part(tmp_path).write_bytes(LARGE)
    (tmp_path / f"{WEIGHTS}.part.checksum").write_text(hashlib.sha256(LARGE).hexdigest(), encoding="utf-8")
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert contents(tmp_path) == {WEIGHTS: LARGE}
    assert hub.fetched() == []


# -- checksums --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "digits"), [("config.json", 40), (WEIGHTS, 64)])
def test_contents_without_the_announced_checksum_are_thrown_away(hub: Hub, tmp_path: Path, file: str, digits: int):
    hub.etags[file] = f'"{"0" * digits}"'
    with pytest.raises(
        DownloadError, match=f"{file} must have the checksum 0{{{digits}}}, got [0-9a-f]{{{digits}}}, so"
    ):
        download(REPOSITORY, tmp_path, hub.url, [file])
    assert not (tmp_path / file).exists()
    assert not (tmp_path / f"{file}.part").exists()
    hub.etags.clear()
    download(REPOSITORY, tmp_path, hub.url, [file])
    assert contents(tmp_path) == {file: hub.files[file]}


def test_a_pinned_checksum_counts_whatever_the_hub_says(hub: Hub, tmp_path: Path):
    truth, pinned = hashlib.sha256(LARGE).hexdigest(), {WEIGHTS: "1" * 64}
    with pytest.raises(DownloadError, match=f"must have the checksum 1{{64}}, got {truth}, so it was thrown away"):
        download(REPOSITORY, tmp_path, hub.url, sha256=pinned)
    assert not (tmp_path / WEIGHTS).exists()
    hub.etags[WEIGHTS] = f'"{"0" * 64}"'
    download(REPOSITORY, tmp_path, hub.url, sha256={WEIGHTS: truth.upper()})
    assert contents(tmp_path) == hub.files


def test_a_file_without_a_checksum_is_fetched_only_with_a_pinned_one(hub: Hub, tmp_path: Path):
    hub.etags = {"config.json": '"1a2b-another-kind"', WEIGHTS: ""}
    for file in hub.etags:
        with pytest.raises(DownloadError, match=f"{file} comes with neither a SHA-256 nor git's SHA-1; pass sha256="):
            download(REPOSITORY, tmp_path, hub.url, [file])
    assert contents(tmp_path) == {}
    pinned = {file: hashlib.sha256(hub.files[file]).hexdigest() for file in hub.etags}
    download(REPOSITORY, tmp_path, hub.url, sha256=pinned)
    assert contents(tmp_path) == hub.files
    assert pinned.keys() == hub.etags.keys()  # the caller's dictionary is left alone


def test_pinned_checksums_that_make_no_sense_are_refused(hub: Hub, tmp_path: Path):
    with pytest.raises(ValueError, match=r"sha256 must be 64 hexadecimal digits, got '12' for config\.json"):
        download(REPOSITORY, tmp_path, hub.url, sha256={"config.json": "12"})
    with pytest.raises(DownloadError, match=r"sha256 names files that were not fetched: model\.bin"):
        download(REPOSITORY, tmp_path, hub.url, sha256={"model.bin": "0" * 64})


def test_an_etag_that_a_proxy_has_weakened_is_still_a_checksum(hub: Hub, tmp_path: Path):
    hub.etags["vocab.json"] = f'W/"{git_sha1(VOCAB)}"'
    download(REPOSITORY, tmp_path, hub.url, ["vocab.json"])
    assert contents(tmp_path) == {"vocab.json": VOCAB}


def test_the_checksum_of_a_small_file_is_that_of_git(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"test content\n")
    # the example of the book Pro Git, chapter 10.2: echo 'test content' | git hash-object --stdin
    assert partial_download.has_checksum(tmp_path / "file", "d670460b4b4aece5915caf5c68d12f560a9fe3e4")


# -- what cannot be fetched -------------------------------------------------------------------------


def test_a_repository_without_config_or_weights_is_an_error(hub: Hub, tmp_path: Path):
    del hub.files[WEIGHTS]
    with pytest.raises(
        DownloadError, match=r"has no model\.safetensors\.index\.json, and no model\.safetensors; if it"
    ):
        download(REPOSITORY, tmp_path, hub.url)
    del hub.files["config.json"]
    with pytest.raises(DownloadError, match=rf"{REPOSITORY} at {hub.url}, revision main, has no config\.json$"):
        download(REPOSITORY, tmp_path, hub.url)


@pytest.mark.parametrize(
    ("name", "file", "message"),
    [
        ("secret/name", "config.json", r"config\.json is not public, or not there \(status 401\)"),
        ("broken/name", "config.json", r"config\.json could not be asked for: status 503; try again later"),
        ("old/name", "loop", "leads from one place to another without end"),
    ],
)
def test_answers_that_lead_nowhere_are_errors(hub: Hub, tmp_path: Path, name: str, file: str, message: str):
    with pytest.raises(DownloadError, match=message):
        download(name, tmp_path, hub.url, [file])
    assert contents(tmp_path) == {}


def test_contents_that_the_store_does_not_have_are_an_error(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    ask = module._ask

    def and_then_it_is_gone(url: str) -> object:
        announced = ask(url)
        hub.files.clear()
        return announced

    monkeypatch.setattr(module, "_ask", and_then_it_is_gone)
    with pytest.raises(DownloadError, match=r"is not there \(status 404\)"):
        download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])


def test_without_a_network_the_error_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and nobody listens
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(DownloadError, match=rf"cannot reach {place}: .*refused.* Without a network, fetch http"):
            download(REPOSITORY, tmp_path, f"http://{place}")
