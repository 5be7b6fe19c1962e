"""Download one file, which may be large: resume an interrupted download, verify the checksum, and never write more
bytes than announced.

While a file is incomplete, its name is `FILE.part`, and `FILE.part.checksum` holds the checksum of the complete file.
"""

import hashlib
import os
import re
import shutil
import stat
from http.client import HTTPResponse
from pathlib import Path
from urllib.error import HTTPError

from tqdm import tqdm

from minigrad.files import write_text
from models.http_requests import FAILURES, DownloadError, get, size_in

_CHUNK = 1 << 16
_MARGIN = 1 << 24  # bytes that a download must leave free on the disk


def fetch(url: str, target: Path, checksum: str, size: int) -> None:
    """Fetch a file or resume its part. Do nothing if the complete file exists.

    Args:
        checksum: the SHA-256 of its contents (64 digits), or their SHA-1 as a git blob (40).
        size: its number of bytes, as announced by the hub.

    Raises:
        DownloadError: if the disk has too little space, the download stops, or the checksum differs.
        OSError: if the folder cannot be written to.
    """
    if target.is_file() and has_checksum(target, checksum):
        return
    part, belongs_to = (target.with_name(f"{target.name}.{ending}") for ending in ("part", "part.checksum"))
    have = _length_of_part(part, belongs_to, checksum, size)
    _check_space(target, size - have)
    starts_again = False
    with tqdm(total=size, initial=have, desc=target.name, unit="B", unit_scale=True, disable=None) as bar:
        while have < size:
            before, failure = have, None
            try:
                _append(url, part, before, size, bar)
            except FAILURES as error:
                failure = error
            have = part.stat().st_size if _is_plain(part) else 0
            if isinstance(failure, HTTPError):
                failure.close()
                if failure.code == 416 and before and not starts_again:  # the server does not have this range
                    part.unlink()
                    have, starts_again = 0, True
                    continue
                if failure.code in (404, 410):
                    raise DownloadError(f"{url} is not there (status {failure.code})") from failure
            if have <= before:  # retry a broken connection only while each attempt makes progress
                reason = failure or "the connection was closed"
                raise DownloadError(
                    f"{url} stopped after {have:,} of {size:,} bytes: {reason}; the same call resumes it"
                ) from failure
    if size == 0:
        part.touch()
    got = _checksum_of(part, len(checksum))
    if got != checksum:
        part.unlink()
        belongs_to.unlink()
        raise DownloadError(f"{url} must have the checksum {checksum}, got {got}, so it was thrown away")
    os.replace(part, target)
    belongs_to.unlink()


def _length_of_part(part: Path, belongs_to: Path, checksum: str, size: int) -> int:
    """The number of bytes that an earlier call has fetched. A part of other contents is deleted."""
    is_ours = _is_plain(belongs_to) and belongs_to.stat().st_size < 100 and belongs_to.read_bytes() == checksum.encode()
    if is_ours and _is_plain(part) and part.stat().st_size <= size:
        return part.stat().st_size
    part.unlink(missing_ok=True)  # it belongs to an older version of the file, or is a link
    write_text(belongs_to, checksum)
    return 0


def _is_plain(path: Path) -> bool:
    """Whether it is a regular file with no other name: writing to a link would write to another file."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def follow_no_link(path: str, flags: int) -> int:
    """An opener for `open` that refuses symbolic links. Windows has no such flag."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _check_space(target: Path, needed: int) -> None:
    free = shutil.disk_usage(target.parent).free
    if needed and needed + _MARGIN > free:
        raise DownloadError(
            f"{target} needs {needed:,} bytes more, and {_MARGIN:,} should stay free, but its disk has {free:,}"
        )


def _append(url: str, part: Path, have: int, size: int, bar: tqdm) -> None:
    """Fetch the missing bytes of a part, or all bytes if the server has no ranges; at most `size` in total."""
    with get(url, have) as response:
        start = _beginning(response, url, have, size)
        with open(part, "ab" if start else "wb", opener=follow_no_link) as file:
            while start < size and (chunk := response.read(min(_CHUNK, size - start))):
                file.write(chunk)
                start += len(chunk)
                bar.update(start - bar.n)  # backwards if the file starts from 0 again


def _beginning(response: HTTPResponse, url: str, have: int, size: int) -> int:
    """The position in the file of a response's first byte: `have`, or 0.

    Raises:
        DownloadError: if the response is another range or belongs to another file. The existing part is kept.
    """
    if response.status == 206:
        piece = response.headers["Content-Range"]
        if not re.fullmatch(rf"bytes {have}-[0-9]+/({size}|\*)", piece or ""):
            raise DownloadError(f"{url}: Content-Range must be bytes {have}-{size - 1}/{size}, got {piece!r}")
        return have
    if response.status != 200:
        raise DownloadError(f"{url} could not be fetched: status {response.status}; try again later")
    length = size_in(response.headers, "Content-Length", url)
    if length is not None and length != size:
        raise DownloadError(f"{url}: Content-Length must be the {size} that were announced, got {length}")
    return 0


def has_checksum(path: Path, checksum: str) -> bool:
    """Whether a file's contents have this SHA-256 (64 digits), or this SHA-1 as a git blob (40)."""
    return _checksum_of(path, len(checksum)) == checksum


def _checksum_of(path: Path, digits: int) -> str:
    """The SHA-256 of a file's contents if digits is 64, else their SHA-1 as a git blob."""
    if digits == 64:
        digest = hashlib.sha256()
    else:
        digest = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: digest).hexdigest()
