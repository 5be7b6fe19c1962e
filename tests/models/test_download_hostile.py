"""A hub that lies, a disk that is full, links and a second download: a clear error, and nothing written elsewhere."""

import json
import os
import shutil
import sys
import threading
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest

from models import http_requests, partial_download
from models.download import LOCK, DownloadError, download
from models.pretrained.folder import INDEX, WEIGHTS
from tests.models.hub import LARGE, REPOSITORY, VOCAB, Answer, Hub, contents, part

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and locks of POSIX")


def start_a_part(hub: Hub, folder: Path, length: int = 1000) -> None:
    """Fetch the first bytes of the weights."""
    hub.cuts = [length, 0]
    with pytest.raises(DownloadError, match="stopped after 1,000"):
        download(REPOSITORY, folder, hub.url, [WEIGHTS])
    assert part(folder).read_bytes() == LARGE[:length]
    hub.requests.clear()


def saying(status: int, headers: dict[str, str], data: bytes = b"") -> Callable[[Answer], None]:
    """An answer of these headers and contents."""

    def answer(to: Answer) -> None:
        to.say(status, headers)
        if to.command == "GET":
            to.wfile.write(data)

    return answer


# -- contents without end ---------------------------------------------------------------------------


def without_end(to: Answer) -> None:
    to.say(200, {})
    try:
        while True:
            to.wfile.write(LARGE)
    except OSError:  # whoever asked has had enough
        pass


def test_never_more_is_written_than_was_announced(hub: Hub, tmp_path: Path):
    hub.instead["GET", WEIGHTS] = without_end
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])  # what was announced came first
    assert contents(tmp_path) == {WEIGHTS: LARGE}
    hub.files["vocab.json"] = VOCAB[::-1]
    hub.instead["GET", "vocab.json"] = without_end
    with pytest.raises(DownloadError, match=r"vocab\.json must have the checksum"):
        download(REPOSITORY, tmp_path, hub.url, ["vocab.json"])
    assert contents(tmp_path) == {WEIGHTS: LARGE}


def test_a_file_that_the_disk_has_no_space_for_is_not_begun(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    usage = namedtuple("usage", ["total", "used", "free"])
    free = partial_download._MARGIN + len(LARGE) - 1
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2 * free, free, free))
    message = f"{WEIGHTS} needs 204,800 bytes more, and 16,777,216 should stay free, but its disk has {free:,}"
    with pytest.raises(DownloadError, match=message):
        download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert hub.fetched() == []
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(2 * free, free, free + 1))
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])


def test_a_config_larger_than_any_is_refused_before_it_is_sent(hub: Hub, tmp_path: Path):
    hub.instead["HEAD", "config.json"] = saying(200, {"Content-Length": "100000001", "ETag": f'"{"0" * 40}"'})
    with pytest.raises(DownloadError, match=r"config\.json must have at most 100,000,000 bytes, got 100,000,001"):
        download(REPOSITORY, tmp_path, hub.url)
    assert contents(tmp_path) == {}


@posix
def test_a_full_disk_is_an_error_and_the_part_is_kept(hub: Hub, tmp_path: Path):
    import resource

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))  # bytes of a file
    try:
        with pytest.raises(DownloadError, match=r"stopped after 50,000 of 204,800 bytes: .*File too large"):
            download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert part(tmp_path).read_bytes() == LARGE[:50_000]
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert contents(tmp_path) == {WEIGHTS: LARGE}
    assert hub.fetched()[-1] == (WEIGHTS, "bytes=50000-")


# -- odd headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", ["-5", "abc", "1e3", "+7", "0x10", "1_000", "9" * 30, "7.0", ""])
def test_a_length_that_is_no_number_is_refused(hub: Hub, tmp_path: Path, length: str):
    hub.instead["HEAD", "vocab.json"] = saying(200, {"Content-Length": length, "ETag": f'"{"0" * 40}"'})
    with pytest.raises(DownloadError, match=r"vocab\.json: Content-Length must be a number of bytes, got"):
        download(REPOSITORY, tmp_path, hub.url, ["vocab.json"])
    assert contents(tmp_path) == {}


def test_no_length_is_refused(hub: Hub, tmp_path: Path):
    hub.instead["HEAD", "vocab.json"] = saying(200, {"ETag": f'"{"0" * 40}"'})
    with pytest.raises(DownloadError, match=r"vocab\.json comes without a Content-Length"):
        download(REPOSITORY, tmp_path, hub.url, ["vocab.json"])


@pytest.mark.parametrize("length", ["5", "204801", "-1", "abc"])
def test_contents_of_another_length_leave_the_part_alone(hub: Hub, tmp_path: Path, length: str):
    start_a_part(hub, tmp_path)
    hub.instead["GET", WEIGHTS] = saying(200, {"Content-Length": length}, b"<html>Please log in</html>")
    with pytest.raises(DownloadError, match=f"{WEIGHTS}: Content-Length must be "):
        download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert part(tmp_path).read_bytes() == LARGE[:1000]


@pytest.mark.parametrize(
    "piece",
    [None, "", "bytes", "bytes 0-204799/204800", "bytes 1001-204799/204800", "bytes 1000-2000/3000", "bytes -1000-/1"],
)
def test_another_piece_than_the_one_asked_for_leaves_the_part_alone(hub: Hub, tmp_path: Path, piece: str | None):
    start_a_part(hub, tmp_path)
    hub.instead["GET", WEIGHTS] = saying(206, {} if piece is None else {"Content-Range": piece}, LARGE)
    with pytest.raises(DownloadError, match=r"Content-Range must be bytes 1000-204799/204800, got"):
        download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert part(tmp_path).read_bytes() == LARGE[:1000]


@pytest.mark.parametrize("status", [201, 204])
def test_a_success_without_contents_leaves_the_part_alone(hub: Hub, tmp_path: Path, status: int):
    start_a_part(hub, tmp_path)
    hub.instead["GET", WEIGHTS] = saying(status, {})
    with pytest.raises(DownloadError, match=f"could not be fetched: status {status}"):
        download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert part(tmp_path).read_bytes() == LARGE[:1000]


def test_a_server_that_has_no_such_piece_is_asked_for_all_of_it_once(hub: Hub, tmp_path: Path):
    start_a_part(hub, tmp_path)
    hub.ranges = False
    hub.instead["GET", WEIGHTS] = refusing_pieces
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert contents(tmp_path) == {WEIGHTS: LARGE}
    assert hub.fetched() == [(WEIGHTS, "bytes=1000-"), (WEIGHTS, None)]


def refusing_pieces(to: Answer, length: int | None = None) -> None:
    if to.headers["Range"]:
        to.say(416, {"Content-Range": f"bytes */{len(LARGE)}"})
    else:
        to.say(200, {"Content-Length": str(len(LARGE))})
        to.wfile.write(LARGE[:length])


def test_a_server_that_refuses_pieces_and_breaks_off_is_given_up(hub: Hub, tmp_path: Path):
    hub.instead["GET", WEIGHTS] = lambda to: refusing_pieces(to, 1000)
    with pytest.raises(DownloadError, match="stopped after 1,000 of 204,800 bytes: HTTP Error 416"):
        download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert len(hub.fetched()) == 4


def test_an_answer_that_is_no_http_is_an_error(hub: Hub, tmp_path: Path):
    hub.instead["HEAD", "vocab.json"] = lambda to: to.wfile.write(b"hello\r\n\r\n")
    with pytest.raises(DownloadError, match=r"cannot reach 127.0.0.1"):
        download(REPOSITORY, tmp_path, hub.url, ["vocab.json"])
    hub.instead = {("GET", "vocab.json"): lambda to: to.wfile.write(b"hello\r\n\r\n")}
    with pytest.raises(DownloadError, match=r"stopped after 0 of 8 bytes: .*hello"):
        download(REPOSITORY, tmp_path, hub.url, ["vocab.json"])


# -- redirects --------------------------------------------------------------------------------------

ELSEWHERE = ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "http://[", "http://", "http://h:port/", "//[::x/y"]
MISLED = r"vocab\.json (redirects to .*expected an address of http|stopped after 0|leads from one place to another)"


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize("location", ELSEWHERE)
def test_a_redirect_to_another_scheme_is_not_followed(hub: Hub, tmp_path: Path, method: str, location: str):
    hub.instead[method, "vocab.json"] = saying(302, {"Location": location, "Content-Length": "0"})
    with pytest.raises(DownloadError, match=MISLED):
        download(REPOSITORY, tmp_path, hub.url, ["vocab.json"])
    assert not (tmp_path / "vocab.json").exists()


def test_https_is_never_left():
    assert http_requests.redirect("https://a.org/x", "/ü y") == "https://a.org/%C3%BC%20y"
    assert http_requests.redirect("http://a.org/x", "https://b.org/y") == "https://b.org/y"
    with pytest.raises(DownloadError, match=r"redirects to 'http://a.org/y', expected an address of https"):
        http_requests.redirect("https://a.org/x", "http://a.org/y")


def test_contents_that_lead_in_a_circle_are_an_error(hub: Hub, tmp_path: Path):
    hub.instead["GET", "vocab.json"] = lambda to: to.say(302, {"Location": to.path, "Content-Length": "0"})
    with pytest.raises(DownloadError, match=r"stopped after 0 of 8 bytes: .*infinite loop"):
        download(REPOSITORY, tmp_path, hub.url, ["vocab.json"])
    assert len(hub.fetched()) < 15


# -- what lies in the folder ------------------------------------------------------------------------


@pytest.mark.parametrize("damage", [b"\xff\xfe", b"", b"0" * 64, b"x" * 1000])
def test_a_damaged_checksum_of_a_part_starts_again(hub: Hub, tmp_path: Path, damage: bytes):
    start_a_part(hub, tmp_path)
    (tmp_path / f"{WEIGHTS}.part.checksum").write_bytes(damage)
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert contents(tmp_path) == {WEIGHTS: LARGE}
    assert hub.fetched() == [(WEIGHTS, None)]


def test_a_part_that_is_longer_than_the_file_starts_again(hub: Hub, tmp_path: Path):
    start_a_part(hub, tmp_path)
    part(tmp_path).write_bytes(LARGE + b"more")
    download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert contents(tmp_path) == {WEIGHTS: LARGE}


@posix
@pytest.mark.parametrize("link", [os.symlink, os.link])
@pytest.mark.parametrize("name", [f"{WEIGHTS}.part", f"{WEIGHTS}.part.checksum", WEIGHTS])
def test_nothing_is_written_through_a_link(hub: Hub, tmp_path: Path, link: Callable, name: str):
    folder, secret = tmp_path / "folder", tmp_path / "secret"
    folder.mkdir()
    start_a_part(hub, folder)
    secret.write_bytes(LARGE[:1000])
    (folder / name).unlink(missing_ok=True)
    link(secret, folder / name)
    download(REPOSITORY, folder, hub.url, [WEIGHTS])
    assert secret.read_bytes() == LARGE[:1000]
    assert contents(folder) == {WEIGHTS: LARGE}
    assert not (folder / WEIGHTS).is_symlink()


@posix
def test_a_link_that_appears_while_the_file_is_fetched_is_not_followed(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    secret = tmp_path / "secret"
    secret.write_bytes(b"mine")
    get = partial_download.get

    def and_meanwhile(*arguments: object) -> object:
        part(tmp_path).unlink(missing_ok=True)
        part(tmp_path).symlink_to(secret)
        return get(*arguments)

    monkeypatch.setattr(partial_download, "get", and_meanwhile)
    with pytest.raises(DownloadError, match=r"stopped after 0 of 204,800 bytes: .*symbolic link"):
        download(REPOSITORY, tmp_path, hub.url, [WEIGHTS])
    assert secret.read_bytes() == b"mine"


@pytest.mark.parametrize("shard", ["../x.safetensors", "/tmp/x.safetensors", "a/b.safetensors", "x.bin", 5, None])
def test_an_index_that_names_files_elsewhere_is_refused(hub: Hub, tmp_path: Path, shard: object):
    del hub.files[WEIGHTS]
    hub.files[INDEX] = json.dumps({"weight_map": {"a": shard}}).encode()
    with pytest.raises(RuntimeError, match="expected a safetensors file in the same folder for a, got"):
        download(REPOSITORY, tmp_path / "folder", hub.url)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


# -- two at once ------------------------------------------------------------------------------------


@posix
def test_a_second_download_waits_for_the_first(hub: Hub, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    begun, go_on = threading.Event(), threading.Event()

    def slowly(to: Answer) -> None:
        to.say(200, {"Content-Length": str(len(LARGE))})
        begun.set()
        go_on.wait(10)
        to.wfile.write(LARGE)

    hub.instead["GET", WEIGHTS] = slowly
    failures: list[BaseException] = []

    def run() -> None:
        try:
            download(REPOSITORY, tmp_path, hub.url)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    threads[2].start()
    threads[1].join(0.3)
    assert all(thread.is_alive() for thread in threads)
    go_on.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert contents(tmp_path) == hub.files
    assert [name for name, _ in hub.fetched()] == ["config.json", "vocab.json", WEIGHTS]
    assert f"waiting for another download into {tmp_path}" in capfd.readouterr().err


@posix
def test_the_lock_of_a_killed_process_holds_nobody_up(hub: Hub, tmp_path: Path):
    (tmp_path / LOCK).write_bytes(b"")
    download(REPOSITORY, tmp_path, hub.url)
    assert contents(tmp_path) == hub.files


@posix
@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else False, reason="root may write everywhere")
def test_a_folder_that_is_read_only_may_hold_everything_already(hub: Hub, tmp_path: Path):
    download(REPOSITORY, tmp_path, hub.url)
    tmp_path.chmod(0o500)
    try:
        download(REPOSITORY, tmp_path, hub.url)
    finally:
        tmp_path.chmod(0o700)


# -- arguments --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "base_url", ["", "huggingface.co", "file:///etc", "ftp://x", "http://", "http://[", "http://ü"]
)
def test_a_hub_of_another_scheme_is_refused(tmp_path: Path, base_url: str):
    with pytest.raises(ValueError, match="base_url must be an address of http or https, got"):
        download(REPOSITORY, tmp_path / "new", base_url)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("revision", ["", ".", ".."])
def test_a_revision_that_is_none_is_refused(tmp_path: Path, revision: str):
    with pytest.raises(ValueError, match="revision must be a branch, a tag or a commit, got"):
        download(REPOSITORY, tmp_path / "new", "http://localhost", revision=revision)


def test_files_are_a_list(tmp_path: Path):
    with pytest.raises(TypeError, match=r"files must be a list of names, got the string 'vocab\.json'"):
        download(REPOSITORY, tmp_path / "new", "http://localhost", "vocab.json")
