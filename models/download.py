"""Fetch a public checkpoint from the Hugging Face hub, with the standard library alone.

    download("gpt2", "checkpoints/gpt2")

The hub is asked about each file before it is sent. It names a checksum: for a large file the SHA-256 of its
contents, for a small one the SHA-1 under which git knows them. A file gets its name when its contents have that
checksum, and a later call does not fetch it again. Until then it is `FILE.part`, which a later call goes on from.
"""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

from tqdm import tqdm

from minigrad.errors import MinigradError
from models.pretrained.folder import CONFIG, INDEX, WEIGHTS, read_index

HUB = "https://huggingface.co"

REPOSITORIES = {
    "gpt2": "openai-community/gpt2",
    "gpt2-medium": "openai-community/gpt2-medium",
    "gpt2-large": "openai-community/gpt2-large",
    "gpt2-xl": "openai-community/gpt2-xl",
    "bert-base-uncased": "google-bert/bert-base-uncased",
    "bert-base-cased": "google-bert/bert-base-cased",
    "bert-large-uncased": "google-bert/bert-large-uncased",
    "bert-large-cased": "google-bert/bert-large-cased",
    "t5-small": "google-t5/t5-small",
    "t5-base": "google-t5/t5-base",
    "t5-large": "google-t5/t5-large",
    "t5-3b": "google-t5/t5-3b",
    "t5-11b": "google-t5/t5-11b",
    "t5-v1_1-small": "google/t5-v1_1-small",
    "t5-v1_1-base": "google/t5-v1_1-base",
    "t5-v1_1-large": "google/t5-v1_1-large",
    "t5-v1_1-xl": "google/t5-v1_1-xl",
    "t5-v1_1-xxl": "google/t5-v1_1-xxl",
}
"""Where the checkpoints are that have names of their own."""

OPTIONAL_FILES = (
    "vocab.json",
    "merges.txt",
    "vocab.txt",
    "spiece.model",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "generation_config.json",
)
"""What is fetched beside config and weights if it is there: the tokenizer's files, and how to generate."""

_TIMEOUT = 30  # seconds without a byte
_CHUNK = 1 << 16
_UNREACHED = (URLError, HTTPException, ConnectionError, TimeoutError)


class DownloadError(MinigradError):
    """A checkpoint could not be fetched; the message says what to do."""


def download(
    name: str,
    folder: str | os.PathLike[str],
    base_url: str = HUB,
    files: Sequence[str] | None = None,
    *,
    revision: str = "main",
    sha256: Mapping[str, str] | None = None,
) -> Path:
    """Fetch a checkpoint into a folder of its own, and return that folder.

    After an error, or Ctrl-C, the same call goes on where this one stopped. No token is sent, so what is fetched is
    public.

    Args:
        name: one of REPOSITORIES, or a repository, "owner/name".
        base_url: the hub, or a mirror of it.
        files: exactly these. None means config.json, the weights as safetensors, and those of OPTIONAL_FILES that
            the repository has.
        revision: a branch, a tag or a commit. All files come from the commit that it is when the first is fetched.
        sha256: by file, the checksum that its contents must have, whatever the hub says.

    Raises:
        ValueError: if the name is not known, a file's name is not a plain one, or a sha256 is none.
        DownloadError: if there is no network, no such checkpoint, a file is missing, or its checksum is wrong.
    """
    pinned = dict(sha256 or {})
    for file, checksum in pinned.items():
        if not re.fullmatch("[0-9a-fA-F]{64}", checksum):
            raise ValueError(f"sha256 must be 64 hexadecimal digits, got {checksum!r} for {file}")
    folder = Path(folder)
    source = _Repository(base_url.rstrip("/"), _repository(name), revision, folder, pinned)
    folder.mkdir(parents=True, exist_ok=True)
    if files is not None:
        for file in files:
            source.require(file)
    else:
        source.require(CONFIG)
        for file in OPTIONAL_FILES:
            source.fetch(file)
        if not source.fetch(WEIGHTS):  # last: without weights no reader takes the folder for a checkpoint
            source.require(INDEX)
            for shard in sorted(set(read_index(folder / INDEX).values())):
                source.require(shard)
    if source.sha256:
        raise DownloadError(f"sha256 names files that were not fetched: {', '.join(source.sha256)}")
    return folder


def _repository(name: str) -> str:
    if name in REPOSITORIES:
        return REPOSITORIES[name]
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        raise ValueError(f"name must be owner/name, or one of {', '.join(REPOSITORIES)}; got {name!r}")
    return name


@dataclass
class _Repository:
    """A repository, and the folder into which it is fetched."""

    base_url: str
    name: str
    revision: str
    folder: Path
    sha256: dict[str, str]  # those that have not been compared yet

    def require(self, file: str) -> None:
        """Fetch a file, or raise DownloadError if the repository does not have it."""
        if not self.fetch(file):
            message = f"{self.name} at {self.base_url}, revision {self.revision}, has no {file}"
            if file == INDEX:
                message += (
                    f", and no {WEIGHTS}; if it has pytorch_model.bin, a pickle, which is not read here, "
                    "convert it with the transformers library, or look for a revision with safetensors"
                )
            raise DownloadError(message)

    def fetch(self, file: str) -> bool:
        """Fetch a file unless it is there; whether the repository has it.

        Raises:
            ValueError: if the file's name is not a plain one.
            DownloadError: if it could not be fetched whole and with the right checksum.
        """
        if not re.fullmatch(r"\w[\w.-]*", file):
            raise ValueError(f"files must be plain names, got {file!r}")
        url = f"{self.base_url}/{self.name}/resolve/{quote(self.revision, safe='')}/{file}"
        announced = _ask(url)
        if announced is None:
            return False
        self.revision = announced.commit or self.revision
        checksum = self.sha256.pop(file, announced.checksum)
        if checksum is None:
            raise DownloadError(f"{url} comes with neither a SHA-256 nor git's SHA-1; pass sha256={{{file!r}: …}}")
        _fetch(url, self.folder / file, checksum.lower(), announced.size)
        return True


# -- what the hub says of a file --------------------------------------------------------------------


@dataclass(frozen=True)
class _Announced:
    """What the hub says of a file before it sends it: checksum (hexadecimal), size in bytes, commit."""

    checksum: str | None
    size: int
    commit: str | None


def _ask(url: str) -> _Announced | None:
    """What the hub says of a file; None if it does not have it.

    A large file lies elsewhere, and the hub's answer is a redirect. Its headers, not those of the place that it
    leads to, have the checksum, so redirects are followed here one by one.
    """
    place, commit = url, None
    for _ in range(10):
        status, headers = _head(place)
        commit = commit or headers["X-Repo-Commit"]
        linked = _hexadecimal(headers["X-Linked-Etag"], 64, 40)
        if linked and headers["X-Linked-Size"]:
            return _Announced(linked, int(headers["X-Linked-Size"]), commit)
        if status == 200:
            if headers["Content-Length"] is None:
                raise DownloadError(f"{url} comes without a Content-Length")
            # A store of large files may have ETags of 64 digits that are not the SHA-256 of the contents.
            return _Announced(_hexadecimal(headers["ETag"], 40), int(headers["Content-Length"]), commit)
        if status == 404:
            return None
        if status in (401, 403):  # 401 is the hub's answer for a repository that it does not have, too
            raise DownloadError(f"{url} is not public, or not there (status {status})")
        if status not in (301, 302, 303, 307, 308) or headers["Location"] is None:
            raise DownloadError(f"{url} could not be asked for: status {status}; try again later")
        place = urljoin(place, headers["Location"])
    raise DownloadError(f"{url} leads from one place to another without end")


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _head(url: str) -> tuple[int, Message]:
    """Status and headers of one address, wherever it may lead."""
    try:
        with build_opener(_NoRedirects).open(Request(url, method="HEAD"), timeout=_TIMEOUT) as response:
            return response.status, response.headers
    except HTTPError as error:
        error.close()
        return error.code, error.headers
    except _UNREACHED as error:
        reason = getattr(error, "reason", error)
        raise DownloadError(
            f"cannot reach {urlsplit(url).netloc}: {reason}. Without a network, fetch {url} "
            "and its neighbours on another machine, and copy them into the folder"
        ) from error


def _hexadecimal(etag: str | None, *lengths: int) -> str | None:
    """The digits of an ETag that is a checksum: "…", or W/"…" where a proxy has touched it."""
    digits = (etag or "").removeprefix("W/").strip('"').lower()
    return digits if len(digits) in lengths and re.fullmatch("[0-9a-f]+", digits) else None


# -- getting it -------------------------------------------------------------------------------------


def _fetch(url: str, target: Path, checksum: str, size: int) -> None:
    """Get a file, go on with its part, or leave it if it is there."""
    if target.is_file() and _has_checksum(target, checksum):
        return
    part, belongs_to = (target.with_name(f"{target.name}.{ending}") for ending in ("part", "part.checksum"))
    if not belongs_to.is_file() or belongs_to.read_text(encoding="utf-8") != checksum:
        part.unlink(missing_ok=True)  # of contents that the hub had earlier
        belongs_to.write_text(checksum, encoding="utf-8")
    part.touch()
    have = part.stat().st_size
    with tqdm(total=size, initial=have, desc=target.name, unit="B", unit_scale=True, disable=None) as bar:
        while have < size:
            before, failure = have, None
            try:
                _append(url, part, before, bar)
            except _UNREACHED as error:
                failure = error
            have = part.stat().st_size
            if have <= before:  # as long as each attempt brings something, a connection that is cut is taken up again
                reason = failure or "the connection was closed"
                raise DownloadError(
                    f"{url} stopped after {have:,} of {size:,} bytes: {reason}; the same call goes on from there"
                ) from failure
    if not _has_checksum(part, checksum):
        part.unlink()
        raise DownloadError(f"{url} does not have the checksum {checksum}, so it was thrown away")
    os.replace(part, target)
    belongs_to.unlink()


def _append(url: str, part: Path, have: int, bar: tqdm) -> None:
    """Get what a part lacks, or all of it from a server that does not send pieces."""
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with (
        urlopen(request, timeout=_TIMEOUT) as response,
        part.open("ab" if response.status == 206 else "wb") as file,
    ):
        while chunk := response.read(_CHUNK):
            file.write(chunk)
            bar.update(file.tell() - bar.n)  # backwards if it starts again


def _has_checksum(path: Path, checksum: str) -> bool:
    """Whether the contents of a file have this SHA-256 (64 digits), or this SHA-1 as a blob of git (40)."""
    if len(checksum) == 64:
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest() == checksum
