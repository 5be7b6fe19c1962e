"""Fetch a public checkpoint from the Hugging Face hub, with the standard library alone.

    download("gpt2", "checkpoints/gpt2")

Before each file is fetched, a request asks the hub for its checksum: the SHA-256 of the contents of a large file, git's
SHA-1 for a small one. While a file is incomplete, its name is `FILE.part`, and a later call resumes it. The file gets
its own name when its contents have the checksum. A later call does not fetch it again.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from models.http_requests import DownloadError, head, redirect, size_in, web_address
from models.partial_download import fetch, follow_no_link
from models.pretrained.folder import CONFIG, INDEX, LONGEST_JSON, WEIGHTS, read_index

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
"""The repositories of the checkpoints that have a short name here."""

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
"""Fetched in addition to config and weights if the repository has them: the tokenizer's files, generation settings."""

LOCK = ".download.lock"

_CONTROL = (CONFIG, INDEX, *OPTIONAL_FILES)  # read into memory as a whole, so their size is limited


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

    After an error or Ctrl-C, repeat the call to resume. No access token is sent, so only public repositories can be
    fetched. A second download into the same folder waits for the first. (On Windows it does not wait; if the two
    interfere, the checksum fails.)

    Args:
        name: one of REPOSITORIES, or a repository, "owner/name".
        base_url: the hub, or a mirror of it.
        files: the names of the files to fetch. None means config.json, the weights as safetensors, and those of
            OPTIONAL_FILES that the repository has.
        revision: a branch, a tag or a commit. It is resolved to a commit at the first file, and all files come from
            that commit.
        sha256: a file's name → the checksum that its contents must have, whatever the hub reports.

    Raises:
        ValueError: if the name is unknown, a file's name is not plain, a sha256 is not 64 hexadecimal digits, base_url
            is not an http or https address, or revision is empty.
        TypeError: if files is a single string.
        DownloadError: if there is no network, no such checkpoint, or no space on the disk, a file is missing or larger
            than announced, or its checksum is wrong.
        OSError: if the folder cannot be written to.
    """
    pinned = dict(sha256 or {})
    for file, checksum in pinned.items():
        if not isinstance(checksum, str) or not re.fullmatch("[0-9a-fA-F]{64}", checksum):
            raise ValueError(f"sha256 must be 64 hexadecimal digits, got {checksum!r} for {file}")
    if isinstance(files, str):
        raise TypeError(f"files must be a list of names, got the string {files!r}")
    for file in files or ():
        _check_plain(file)
    if not revision or not revision.strip("."):
        raise ValueError(f"revision must be a branch, a tag or a commit, got {revision!r}")
    folder = Path(folder)
    source = _Repository(_check_base(base_url), _repository(name), revision, folder, pinned)
    folder.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(folder):
        _fetch_all(source, folder, files)
    if source.sha256:
        raise DownloadError(f"sha256 names files that were not fetched: {', '.join(source.sha256)}")
    return folder


def _fetch_all(source: "_Repository", folder: Path, files: Sequence[str] | None) -> None:
    if files is not None:
        for file in files:
            source.require(file)
    else:
        source.require(CONFIG)
        for file in OPTIONAL_FILES:
            source.fetch(file)
        if not source.fetch(WEIGHTS):  # last: an incomplete folder has no weights, so nothing can load it
            source.require(INDEX)
            for shard in sorted(set(read_index(folder / INDEX).values())):
                source.require(shard)


def _repository(name: str) -> str:
    if name in REPOSITORIES:
        return REPOSITORIES[name]
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name, re.ASCII):
        raise ValueError(f"name must be owner/name, or one of {', '.join(REPOSITORIES)}; got {name!r}")
    return name


def _check_plain(file: str) -> None:
    """Raise ValueError unless it is a plain file name, without a path out of the folder or into a subfolder."""
    if not isinstance(file, str) or not re.fullmatch(r"\w[\w.-]*", file, re.ASCII):
        raise ValueError(f"files must be plain names, got {file!r}")


def _check_base(base_url: str) -> str:
    parts = web_address(base_url)
    if parts is None or parts.port == 0 or not base_url.isascii():
        raise ValueError(f"base_url must be an address of http or https, got {base_url!r}")
    return base_url.rstrip("/")


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep other downloads out of a folder, after waiting for one that is already running there.

    The operating system releases the lock when the process ends, however it ends.
    """
    path, lock = folder / LOCK, None
    try:
        import fcntl

        while lock is None:
            lock = open(path, "ab", opener=follow_no_link)  # noqa: SIM115  # closed below
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print(f"waiting for another download into {folder}", file=sys.stderr)
                fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_at(path, lock.fileno()):  # the other process has deleted the file, so this lock is void
                lock.close()
                lock = None
    except (ImportError, OSError):  # Windows; a read-only folder, which may be complete; a disk without locks
        pass
    try:
        yield
    finally:
        if lock is not None:
            path.unlink(missing_ok=True)
            lock.close()


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether an open file is still the one at this path."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


@dataclass
class _Repository:
    """A repository, and the folder that it is fetched into."""

    base_url: str
    name: str
    revision: str
    folder: Path
    sha256: dict[str, str]  # of the files that have not been fetched yet

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
        """Fetch a file unless it is already there, and return whether the repository has it.

        Raises:
            ValueError: if the file's name is not plain.
            DownloadError: if it could not be fetched completely and with the right checksum.
        """
        _check_plain(file)
        url = f"{self.base_url}/{self.name}/resolve/{quote(self.revision, safe='')}/{file}"
        announced = _ask(url)
        if announced is None:
            return False
        self.revision = announced.commit or self.revision
        checksum = self.sha256.pop(file, announced.checksum)
        if checksum is None:
            raise DownloadError(f"{url} comes with neither a SHA-256 nor git's SHA-1; pass sha256={{{file!r}: …}}")
        if file in _CONTROL and announced.size > LONGEST_JSON:
            raise DownloadError(f"{url} must have at most {LONGEST_JSON:,} bytes, got {announced.size:,}")
        fetch(url, self.folder / file, checksum.lower(), announced.size)
        return True


# -- what the hub reports about a file --------------------------------------------------------------


@dataclass(frozen=True)
class _Announced:
    """What the hub reports about a file before sending it: checksum (hexadecimal), size in bytes, commit."""

    checksum: str | None
    size: int
    commit: str | None


def _ask(url: str) -> _Announced | None:
    """What the hub reports about a file, or None if it does not have the file.

    A large file is stored elsewhere, and the hub answers with a redirect. The checksum is in the headers of the
    redirect, not of its target, so redirects are followed one by one here.
    """
    place, commit = url, None
    for _ in range(10):
        status, headers = head(place)
        commit = commit or headers["X-Repo-Commit"]
        linked, linked_size = _hexadecimal(headers["X-Linked-Etag"], 64, 40), size_in(headers, "X-Linked-Size", url)
        if linked and linked_size is not None:
            return _Announced(linked, linked_size, commit)
        if status == 200:
            size = size_in(headers, "Content-Length", url)
            if size is None:
                raise DownloadError(f"{url} comes without a Content-Length")
            # Only git's SHA-1 counts here: a store of large files may use 64 digits that are not the SHA-256 of the
            # contents.
            return _Announced(_hexadecimal(headers["ETag"], 40), size, commit)
        if status == 404:
            return None
        if status in (401, 403):  # the hub answers 401 for a missing repository too
            raise DownloadError(f"{url} is not public, or not there (status {status})")
        if status not in (301, 302, 303, 307, 308) or headers["Location"] is None:
            raise DownloadError(f"{url} could not be asked for: status {status}; try again later")
        place = redirect(place, headers["Location"])
    raise DownloadError(f"{url} leads from one place to another without end")


def _hexadecimal(etag: str | None, *lengths: int) -> str | None:
    """The digits of an ETag that is a checksum, else None. An ETag is "…", or W/"…" if a proxy has changed it."""
    digits = (etag or "").removeprefix("W/").strip('"').lower()
    return digits if len(digits) in lengths and re.fullmatch("[0-9a-f]+", digits) else None
