"""A client of the Debug Adapter Protocol: it starts a configuration of launch.json, as Visual Studio Code does.

The adapter is debugpy's, a child process that reads requests from its standard input and answers on its standard
output. It starts the program. A message is JSON after a header that gives its length.
"""

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS = 120  # for one answer: long, because a slow machine is no error


@dataclass(frozen=True)
class Place:
    """Where a program has stopped."""

    file: Path
    line: int
    function: str


class Client:
    """A session with an adapter."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._sent = 0
        self._inbox: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._waiting: list[dict[str, Any]] = []  # read, but asked for by nobody yet
        threading.Thread(target=self._read, daemon=True).start()

    def start(self, configuration: dict[str, Any]) -> None:
        """Start the program of a configuration. It waits for `run`."""
        self.request("initialize", adapterID="test", pathFormat="path", linesStartAt1=True, columnsStartAt1=True)
        self._launch = self._send("launch", configuration)
        self._wait(lambda message: message.get("event") == "initialized")

    def set_breakpoints(self, file: Path, lines: dict[int, str]) -> list[dict[str, Any]]:
        """Set breakpoints in a file, from a line's number to a condition; what the adapter says of each."""
        wanted = [{"line": line} | ({"condition": text} if text else {}) for line, text in lines.items()]
        answer = self.request("setBreakpoints", source={"path": str(file)}, breakpoints=wanted)
        found: list[dict[str, Any]] = answer["breakpoints"]
        return found

    def run(self) -> Place | None:
        """Run the program up to its first stop; where that is, None if there is none."""
        self.request("configurationDone")
        self._answer(self._launch)
        return self._next_stop()

    def resume(self) -> Place | None:
        """Run on to the next stop."""
        self.request("continue", threadId=self._thread)
        return self._next_stop()

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Ask for something and wait for the answer.

        Raises:
            AssertionError: if the adapter refuses.
        """
        return self._answer(self._send(command, arguments))

    def _next_stop(self) -> Place | None:
        message = self._wait(lambda message: message.get("event") in ("stopped", "terminated"))
        if message["event"] == "terminated":
            return None
        assert message["body"]["reason"] == "breakpoint", message
        self._thread = message["body"]["threadId"]
        frame = self.request("stackTrace", threadId=self._thread, levels=1)["stackFrames"][0]
        return Place(Path(frame["source"]["path"]), frame["line"], frame["name"])

    def _answer(self, number: int) -> dict[str, Any]:
        message = self._wait(lambda message: message.get("request_seq") == number)
        assert message["success"], message
        body: dict[str, Any] = message.get("body") or {}
        return body

    def _send(self, command: str, arguments: dict[str, Any]) -> int:
        self._sent += 1
        message = {"seq": self._sent, "type": "request", "command": command, "arguments": arguments}
        data = json.dumps(message).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._process.stdin.flush()
        return self._sent

    def _wait(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message of some kind, and not those of others, which are kept."""
        for i, message in enumerate(self._waiting):
            if wanted(message):
                return self._waiting.pop(i)
        end = time.monotonic() + SECONDS
        while True:
            try:
                message_or_end = self._inbox.get(timeout=max(end - time.monotonic(), 0))
            except queue.Empty:
                raise AssertionError(f"no answer in {SECONDS} seconds; got {self._waiting}") from None
            assert message_or_end is not None, f"the adapter has ended; got {self._waiting}"
            if wanted(message_or_end):
                return message_or_end
            self._waiting.append(message_or_end)

    def _read(self) -> None:
        output = self._process.stdout
        assert output is not None
        while header := output.readline():
            length = int(header.split(b":")[1])
            output.readline()
            self._inbox.put(json.loads(output.read(length)))
        self._inbox.put(None)


@contextmanager
def adapter() -> Iterator[Client]:
    """A client with an adapter of its own, which ends with the block, and the program with it."""
    command = [sys.executable, "-m", "debugpy.adapter"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    client = Client(process)
    try:
        yield client
        with suppress(AssertionError, OSError):  # the adapter may have ended with the program
            client.request("disconnect", terminateDebuggee=True)
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
