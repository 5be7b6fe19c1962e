"""The switches: all process- or thread-wide state that changes what code elsewhere does.

A switch is read deep inside the library and set far away, by a context manager, for the length of a `with` block:

    switch                default  whose    set by                    what it changes
    grad_mode.enabled     True     thread   minigrad.no_grad          whether ops are recorded for `backward`
    anomaly               False    process  minigrad.anomaly_mode     whether results are checked for NaN and infinity
    kernels               "fast"   process  minigrad.use_kernels      which kernels compute
    initial_values        True     process  nn.unallocated            whether new parameters get values and memory
    last_thread_first     False    process  cuda_on_host.backwards    the order in which a kernel's threads run

Read a switch as an attribute of this module, `switches.anomaly`: `from minigrad.switches import anomaly` would copy
the value of that moment. Two settings have an owner that students look for by name, so they are not here: the number
of threads (`minigrad/threads.py`) and the library's random Generator (`minigrad/random.py`).
"""

import threading


class GradMode(threading.local):
    """Each thread has its own, which starts with recording on.

    Attributes:
        enabled: whether ops are recorded.
        outside: for each open `no_grad` block, innermost last, the value of `enabled` before it.
    """

    def __init__(self) -> None:
        self.enabled = True
        self.outside: list[bool] = []


grad_mode = GradMode()
anomaly = False
kernels = "fast"
initial_values = True
last_thread_first = False
