"""Cells spread over the machines of a Dask cluster: `--cluster ADDRESS`, the address of its scheduler.

    dask scheduler                                        # on one machine; it prints its address
    dask worker tcp://192.0.2.1:8786 --nthreads 1         # on each machine, once for each core

Every machine needs this project, and all of them share one work folder (`MINIGRAD_CACHE`), for example on a network
drive: checkpoints and cells are files in it. A worker that dies loses only its cell, which the scheduler hands to
another worker.
"""

import uuid
from typing import Any

from experiments.evidence.errors import ExperimentError
from experiments.running import worker
from experiments.running.contract import Request
from experiments.running.places import work_folder
from experiments.running.work import CellName

TIMEOUT = 10  # seconds until a scheduler has to answer


class Cluster:
    """The workers of a scheduler: `with Cluster(address) as cluster: spread(requests, cluster.compute, cluster.size)`.

    Raises:
        ExperimentError: if dask.distributed is not installed, no scheduler answers, it has no worker, or the workers
            do not share our work folder.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise ExperimentError('--cluster needs Dask: pip install "minigrad[cluster]"') from None
        try:
            self._client: Any = Client(address, timeout=TIMEOUT)
        except (OSError, ValueError) as error:
            raise ExperimentError(f"--cluster: no scheduler answers at {address} ({error})") from None
        self.size = sum(self._client.nthreads().values())
        if not self.size:
            raise ExperimentError(f"--cluster: the scheduler at {address} has no worker")
        self._check_folder()

    def compute(self, request: Request, name: CellName) -> None:
        """Have a worker compute the cell.

        Raises:
            ExperimentError: if the cell fails, or kills one worker after another.
        """
        future = self._client.submit(worker.compute, request, name, pure=False)
        try:
            future.result()
        except Exception as error:
            raise ExperimentError(
                f"{request.name}: the cell {name.key!r}, seed {name.seed}, failed: {error}"
            ) from error

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def _check_folder(self) -> None:
        """Check that every worker sees a file that we write into our work folder."""
        note = work_folder() / f"cluster-{uuid.uuid4().hex}"
        note.touch()
        try:
            found = self._client.run(worker.has_file, note.name)
        finally:
            note.unlink()
        if others := [where for where, is_there in found.items() if not is_there]:
            self._client.close()
            raise ExperimentError(
                f"--cluster: the work folder {work_folder()} is not that of the worker at {others[0]}; "
                "MINIGRAD_CACHE has to name one folder that all machines share"
            )
