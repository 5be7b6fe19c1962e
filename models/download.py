"""Fetch a public checkpoint from the Hugging Face hub, with the standard library alone.

    download("gpt2", "checkpoints/gpt2")

The hub is asked about each file before it is sent. It names a checksum: for a large file the SHA-256 of its
contents, for a small one the SHA-1 under which git knows them. A file gets its name when its contents have that
checksum, and a later call does not fetch it again. Until then it is `FILE.part`, which a later call resumes.
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

LOCK = ".download.lock"

_CONTROL = (CONFIG, INDEX, *OPTIONAL_FILES)  # files that are read as a whole, so their size has a limit


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
    public. A second download into the same folder waits for the first (except on Windows, where a checksum would
    show that the two had met).

    Args:
        name: one of REPOSITORIES, or a repository, "owner/name".
        base_url: the hub, or a mirror of it.
        files: exactly these. None means config.json, the weights as safetensors, and those of OPTIONAL_FILES that
            the repository has.
        revision: a branch, a tag or a commit. All files come from the commit that it is when the first is fetched.
        sha256: by file, the checksum that its contents must have, whatever the hub says.

    Raises:
        ValueError: if the name is not known, a file's name is not a plain one, a sha256 is none, base_url is not one
            of http or https, or revision is empty.
        TypeError: if files is a single string.
        DownloadError: if there is no network, no such checkpoint, no space on the disk, a file is missing or larger
            than it should be, or its checksum is wrong.
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
        if not source.fetch(WEIGHTS):  # last: without weights no reader takes the folder for a checkpoint
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
    """Raise ValueError unless it is the name of a file, and of nothing above or below the folder."""
    if not isinstance(file, str) or not re.fullmatch(r"\w[\w.-]*", file, re.ASCII):
        raise ValueError(f"files must be plain names, got {file!r}")


def _check_base(base_url: str) -> str:
    parts = web_address(base_url)
    if parts is None or parts.port == 0 or not base_url.isascii():
        raise ValueError(f"base_url must be an address of http or https, got {base_url!r}")
    return base_url.rstrip("/")


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Keep other downloads out of a folder; one that is already running there is waited for.

    The system lets go of the lock when a process ends, however it ends.
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
            if not _is_at(path, lock.fileno()):  # the other one has taken the file away, and with it the lock
                lock.close()
                lock = None
    except (ImportError, OSError):  # Windows; a folder that is read-only, and may hold everything; a disk without locks
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
        status, headers = head(place)
        commit = commit or headers["X-Repo-Commit"]
        linked, linked_size = _hexadecimal(headers["X-Linked-Etag"], 64, 40), size_in(headers, "X-Linked-Size", url)
        if linked and linked_size is not None:
            return _Announced(linked, linked_size, commit)
        if status == 200:
            size = size_in(headers, "Content-Length", url)
            if size is None:
                raise DownloadError(f"{url} comes without a Content-Length")
            # A store of large files may have ETags of 64 digits that are not the SHA-256 of the contents.
            return _Announced(_hexadecimal(headers["ETag"], 40), size, commit)
        if status == 404:
            return None
        if status in (401, 403):  # 401 is the hub's answer for a repository that it does not have, too
            raise DownloadError(f"{url} is not public, or not there (status {status})")
        if status not in (301, 302, 303, 307, 308) or headers["Location"] is None:
            raise DownloadError(f"{url} could not be asked for: status {status}; try again later")
        place = redirect(place, headers["Location"])
    raise DownloadError(f"{url} leads from one place to another without end")


def _hexadecimal(etag: str | None, *lengths: int) -> str | None:
    """The digits of an ETag that is a checksum: "…", or W/"…" where a proxy has touched it."""
    digits = (etag or "").removeprefix("W/").strip('"').lower()
    return digits if len(digits) in lengths and re.fullmatch("[0-9a-f]+", digits) else None
