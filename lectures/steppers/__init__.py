"""Small programs whose runs are recorded as pages that step through our source: `python -m lectures steppers --to DIR`.

Each is a program of its own, `python lectures/steppers/backward.py`. Its docstring is the heading and the text of its
page.
"""

STEPPERS = {
    "backward": (
        "minigrad/ops/arithmetic.py",
        "minigrad/ops/reduction.py::sum_backward",
        "minigrad/tensor.py::record",
        "minigrad/tensor.py::backward",
        "minigrad/tape.py::topological_order",
        "minigrad/gradients.py",
    ),
    "bpe": ("tokenizer/learn/recounting.py",),
    "masked_lm": ("models/objectives/masked_lm.py",),
    "attention": (
        "minigrad/ops/attention.py",
        "minigrad/kernels/attention/reference.py",
        "minigrad/tensor.py::backward",
    ),
    "adam": (
        "minigrad/tensor.py::backward",
        "minigrad/optim/optimizer.py::step",
        "minigrad/optim/adam.py::update",
        "minigrad/optim/adam.py::adam_step",
        "minigrad/kernels/adam/reference.py",
    ),
    "greedy": (
        "models/generation.py",
        "models/sampling.py::likeliest",
        "models/gpt.py::layers",
        "models/gpt.py::logits",
        "minigrad/nn/attention.py::forward_cached",
        "minigrad/nn/cache.py::append",
        "minigrad/kernels/attention/reference.py",
    ),
}
"""The programs, and what is recorded of each besides the program itself."""
