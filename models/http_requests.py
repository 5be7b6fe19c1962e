"""HTTP requests for downloads: only http and https, also after redirects, with checked headers.

The standard library follows redirects to ftp and opens file:// addresses like any other. Here each address is checked
before it is opened, so a server cannot redirect the download to another protocol.
"""

import re
import string
from email.message import Message
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit
from urllib.request import HTTPErrorProcessor, HTTPRedirectHandler, Request, build_opener

from minigrad.errors import MinigradError

TIMEOUT = 30  # seconds without a byte
# OSError: no network, a broken connection, a timeout, an error status, a full disk. ValueError: an address that cannot
# be parsed.
FAILURES = (OSError, HTTPException, ValueError)


class DownloadError(MinigradError):
    """A file could not be fetched; the message says what to do."""


def head(url: str) -> tuple[int, Message]:
    """Status and headers of one address; redirects are not followed.

    Raises:
        DownloadError: if there is no answer.
    """
    try:
        with build_opener(_EveryStatus).open(Request(url, method="HEAD"), timeout=TIMEOUT) as response:
            return response.status, response.headers
    except FAILURES as error:
        reason = getattr(error, "reason", error)
        raise DownloadError(
            f"cannot reach {urlsplit(url).netloc}: {reason}. Without a network, fetch {url} "
            "and its neighbours on another machine, and copy them into the folder"
        ) from error


def get(url: str, start: int = 0) -> HTTPResponse:
    """The response with the contents of an address, from byte `start` on if the server supports ranges.

    Raises:
        DownloadError: if `redirect` rejects a redirect.
        OSError, HTTPException, ValueError: as described at FAILURES.
    """
    headers = {"Range": f"bytes={start}-"} if start else {}
    return build_opener(_Redirects).open(Request(url, headers=headers), timeout=TIMEOUT)


def redirect(url: str, location: str) -> str:
    """The target of a redirect from `url`.

    Raises:
        DownloadError: if the target is not http or https, or if the redirect leads from https to http.
    """
    try:
        target = urljoin(url, quote(location, safe=string.punctuation))
    except ValueError:
        target = ""
    parts = web_address(target)
    if parts is None or (parts.scheme == "http" and url.startswith("https:")):
        allowed = "https" if url.startswith("https:") else "http or https"
        raise DownloadError(f"{url} redirects to {location!r}, expected an address of {allowed}")
    return target


def web_address(url: str) -> SplitResult | None:
    """The parts of an http or https address with a host and, if it has one, a numeric port; None for any other."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a ValueError unless it is a number
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def size_in(headers: Message, name: str, url: str) -> int | None:
    """The number of bytes in a header, or None if the header is missing.

    Raises:
        DownloadError: if the header holds anything else.
    """
    value = headers[name]
    if value is not None and not re.fullmatch("[0-9]{1,18}", value):
        raise DownloadError(f"{url}: {name} must be a number of bytes, got {value!r}")
    return None if value is None else int(value)


class _EveryStatus(HTTPErrorProcessor):
    """Return every response as it is: do not follow redirects or raise errors."""

    def http_response(self, request: Request, response: Any) -> Any:
        return response

    https_response = http_response


class _Redirects(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        return super().redirect_request(req, fp, code, msg, headers, redirect(req.full_url, newurl))
