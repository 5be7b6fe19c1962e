"""A server of our own that does what the hub does, and what it should not."""

import hashlib
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from models.pretrained.folder import WEIGHTS

REPOSITORY, COMMIT = "owner/tiny", "c0ffee"
CONFIG, VOCAB = b'{"model_type": "gpt2"}', b'{"a": 0}'
LARGE = bytes(range(256)) * 800  # 204,800 bytes


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub(ThreadingHTTPServer):
    """A hub with one repository. A test changes these attributes to make it misbehave.

    Attributes:
        files: contents by name.
        large: files that lie elsewhere: the hub answers with their SHA-256 and a redirect.
        ranges: whether pieces of a file can be asked for.
        cuts: after how many bytes each of the next answers with contents breaks off.
        etags: what is announced for a file instead of the truth; "" for nothing.
        instead: by method and file (of the store, for a large one), what answers instead of the code below.
        requests: the method, the path and the Range of every request so far.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = {"config.json": CONFIG, "vocab.json": VOCAB, WEIGHTS: LARGE}
        self.large = {WEIGHTS}
        self.ranges = True
        self.cuts: list[int] = []
        self.etags: dict[str, str] = {}
        self.instead: dict[tuple[str, str], Callable[[Answer], None]] = {}
        self.requests: list[tuple[str, str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def fetched(self) -> list[tuple[str, str | None]]:
        """The contents that were asked for: the file's name, and the Range. The way to a large file is left out."""
        asked = [(path.split("/"), piece) for method, path, piece in self.requests if method == "GET"]
        return [(path[-1], piece) for path, piece in asked if path[1] == "store" or path[-1] not in self.large]


class Answer(BaseHTTPRequestHandler):
    """One answer of the hub: a small file itself, or the way to a large one, or the large one."""

    server: Hub

    def do_HEAD(self) -> None:  # the name that http.server looks for
        self.answer(with_contents=False)

    def do_GET(self) -> None:
        self.answer(with_contents=True)

    def answer(self, with_contents: bool) -> None:
        hub, piece = self.server, self.headers["Range"]
        hub.requests.append((self.command, self.path, piece))
        owner, *_, name = self.path.strip("/").split("/")
        if (owner == "store" or name not in hub.large) and (self.command, name) in hub.instead:
            return hub.instead[self.command, name](self)
        if name == "loop":
            return self.say(307, {"Location": self.path})
        if owner == "old":
            return self.say(307, {"Location": self.path.replace("/old/name", f"/{REPOSITORY}")})
        if owner in ("secret", "broken"):
            return self.say(401 if owner == "secret" else 503, {})
        if name not in hub.files:
            return self.say(404, {})

        data = hub.files[name]
        if owner != "store" and name in hub.large:
            etag = hub.etags.get(name, f'"{hashlib.sha256(data).hexdigest()}"')
            linked = {"X-Linked-Etag": etag, "X-Linked-Size": str(len(data))} if etag else {}
            return self.say(302, {"Location": f"{hub.url}/store/{name}", "X-Repo-Commit": COMMIT, **linked})

        start = int(re.fullmatch(r"bytes=(\d+)-", piece)[1]) if piece and hub.ranges else 0
        headers = {"Content-Length": str(len(data) - start)}
        if owner == "store":
            headers["ETag"] = f'"{hashlib.sha256(b"not the contents").hexdigest()}"'
        else:
            headers |= {"ETag": hub.etags.get(name, f'"{git_sha1(data)}"'), "X-Repo-Commit": COMMIT}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        self.say(206 if start else 200, headers)
        if with_contents:
            self.wfile.write(data[start : start + hub.cuts.pop(0)] if hub.cuts else data[start:])

    def say(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing on the terminal."""


@contextmanager
def serving() -> Iterator[Hub]:
    """A hub that answers while the block runs."""
    with Hub() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def contents(folder: Path) -> dict[str, bytes]:
    """What a download has left in a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def part(folder: Path) -> Path:
    """The file of weights that are not all there yet."""
    return folder / f"{WEIGHTS}.part"
