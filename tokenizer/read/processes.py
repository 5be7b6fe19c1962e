"""Work in several processes. Python code runs on one core, but counting or encoding a large text can use all cores.

Each process receives its share of the work at the start and sends back one answer after another. Processes are
started with "spawn" (a new interpreter) instead of "fork" (a copy of this one) on every platform: a copy is unsafe if
threads are running, and programs behave the same everywhere. The price: a new process imports the program that
started it, so a program must do its work under `if __name__ == "__main__":`. Without it, an error explains this.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar

from tokenizer.checks import whole_number

Piece = TypeVar("Piece")
Answer = TypeVar("Answer")


def in_processes(work: Callable[[Piece], Answer], pieces: Sequence[Piece], processes: int) -> Iterator[Answer]:
    """`map(work, pieces)`, answers in the order of the pieces; in this process if `processes` is 1.

    Each process receives `work` once, and every n-th piece. An error that `work` raises is raised here. If
    this generator is closed or interrupted, the processes end.
    Raises ValueError for fewer than one process, and RuntimeError if a process ends without an answer.
    """
    check_processes(processes)
    processes = min(processes, len(pieces))
    if processes <= 1:
        yield from map(work, pieces)
        return
    _leave_if_just_starting()
    workers: list[tuple[BaseProcess, Connection]] = []
    try:
        for _ in range(processes):
            workers.append(_start())
        for first, (worker, connection) in enumerate(workers):
            try:
                connection.send((work, pieces[first::processes]))
            except OSError:
                raise _ended_early(worker) from None
        # Piece n went to process n modulo their number, so asking them in turn keeps the order of the pieces.
        for number in range(len(pieces)):
            yield _receive(*workers[number % processes])
    finally:
        for worker, connection in workers:
            worker.terminate()
            worker.join()
            connection.close()


def check_processes(processes: int) -> int:
    """The number of processes. Raises ValueError for fewer than one, and TypeError for anything but an integer."""
    return whole_number("processes", processes, at_least=1)


def useful_processes(processes: int, work: int, share: int) -> int:
    """The number of processes that was asked for, but at most the number of cores and of shares of the work."""
    return max(1, min(processes, cores(), work // share))


def cores() -> int:
    """The number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _start() -> tuple[BaseProcess, Connection]:
    """A new process, and our end of the pipe to it."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    worker = context.Process(target=_serve, args=(theirs,), daemon=True)
    with _ctrl_c_waits():
        worker.start()
    theirs.close()  # or the pipe would stay open when the process has ended, and we would wait for ever
    return worker, ours


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Delays Ctrl-C until the end of the block. A process started inside never receives it, even during imports."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # this helper of multiprocessing unblocks Ctrl-C when it starts, so it goes first
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection) -> None:
    """What a process does: receive the work and all its pieces, then send one answer after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent process ends us
    work, pieces = connection.recv()
    for piece in pieces:
        try:
            connection.send((work(piece), None))
        except Exception as error:
            connection.send((None, error))


def _receive(worker: BaseProcess, connection: Connection) -> Any:
    """The next answer of a process."""
    try:
        answer, error = connection.recv()
    except (EOFError, OSError):
        raise _ended_early(worker) from None
    if error is not None:
        raise error
    return answer


def _ended_early(worker: BaseProcess) -> RuntimeError:
    """The error to raise if a process has ended too early."""
    worker.join()
    return RuntimeError(
        f"processes: one ended without an answer (exit code {worker.exitcode}). A program that starts processes "
        f'must be a file that does its work under `if __name__ == "__main__":`, because each process imports it; '
        f"if it is, memory may have run out. Without more processes (processes=1) there is no such rule"
    )


def _leave_if_just_starting() -> None:
    """End a process that is still importing the program and has reached the call that started it.

    Otherwise it would start processes in turn, and so would these. Its parent process raises `_ended_early`.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        sys.exit(1)
