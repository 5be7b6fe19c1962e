"""HTTP as a download needs it: http and https alone, wherever a redirect leads, and headers that are checked.

The standard library follows a redirect to ftp, and opens a file:// address like any other. Here each address is
looked at before it is asked, so that a server cannot send us elsewhere.
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
# OSError: no network, a connection that was cut, a timeout, a status that is an error, a disk that is full. ValueError:
# an address that cannot be parsed.
FAILURES = (OSError, HTTPException, ValueError)


class DownloadError(MinigradError):
    """A checkpoint could not be fetched; the message says what to do."""


def head(url: str) -> tuple[int, Message]:
    """Status and headers of one address, wherever it may lead.

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
    """The answer with the contents of an address, from its byte `start` on if the server sends pieces.

    Raises:
        DownloadError: if a redirect leads where it must not.
        OSError, HTTPException, ValueError: those of FAILURES.
    """
    headers = {"Range": f"bytes={start}-"} if start else {}
    return build_opener(_Redirects).open(Request(url, headers=headers), timeout=TIMEOUT)


def redirect(url: str, location: str) -> str:
    """The address to which a redirect from `url` leads.

    Raises:
        DownloadError: if it is not one of http or https, or if it leaves https.
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
    """The parts of an address of http or https, with a host, and a port that is a number or none; else None."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # a ValueError unless it is a number
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def size_in(headers: Message, name: str, url: str) -> int | None:
    """The number of bytes that a header says; None if it is not there.

    Raises:
        DownloadError: if it says anything else.
    """
    value = headers[name]
    if value is not None and not re.fullmatch("[0-9]{1,18}", value):
        raise DownloadError(f"{url}: {name} must be a number of bytes, got {value!r}")
    return None if value is None else int(value)


class _EveryStatus(HTTPErrorProcessor):
    """Hand over an answer as it is: a redirect is not followed, an error not raised."""

    def http_response(self, request: Request, response: Any) -> Any:
        return response

    https_response = http_response


class _Redirects(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        return super().redirect_request(req, fp, code, msg, headers, redirect(req.full_url, newurl))
