"""Bad input to optimizers, clipping, schedules, layers, seeds, threads, data parallelism and the check of rules."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minigrad import DataParallel, Tensor, manual_seed, nn, ops, optim, random, set_num_threads
from minigrad.gradcheck import gradcheck
from minigrad.optim import Adafactor, Adam, AdamW, clip_grad_norm
from tests.bad_inputs.case import Case

NAN, INFINITY = float("nan"), float("inf")


def weight(*shape: int) -> nn.Parameter:
    return nn.Parameter(np.ones(shape, np.float32))


def stepped(kind: Callable[..., optim.Optimizer], grad: Any) -> None:
    """A step of a parameter (4, 3) whose gradient is `grad`."""
    parameter = weight(4, 3)
    optimizer = kind([parameter], lr=0.1)
    parameter.grad = grad
    optimizer.step()


def clipped(grad: Any, max_norm: Any = 1.0) -> None:
    parameter = weight(4, 3)
    parameter.grad = grad
    clip_grad_norm([parameter], max_norm)


def stepped_with(setting: str, value: Any) -> None:
    """A step after a setting has been assigned."""
    optimizer = Adam([weight(2)])
    setattr(optimizer, setting, value)
    optimizer.step()


def loaded(name: str, value: Any) -> None:
    optimizer = Adam([weight(2)])
    optimizer.load_state_dict(optimizer.state_dict() | {name: value})


def parallel(result: Callable[[Tensor], Any], *batch: Any) -> None:
    model = nn.Linear(3, 2)

    def loss_of(model: nn.Module, x: np.ndarray) -> Any:
        return result(model(x).sum())

    DataParallel(model, 2).backward(loss_of, *(batch or (np.ones((4, 3), np.float32),)))


def checked(function: Callable[..., Any], *inputs: Any, **settings: Any) -> None:
    gradcheck(function, list(inputs), **settings)


def case(name: str, error: type[Exception], words: str, function: Callable[..., object], *args: Any, **kw: Any) -> Case:
    """The call `function(*args, **kw)`, and the words of its message, separated by |."""

    def call(folder: Path) -> object:
        return function(*args, **kw)

    return Case(name, call, error, tuple(words.split("|")))


ONES, X = np.ones((4, 3), np.float32), np.ones(3)
SHAPE = "params[0].grad must have the shape of its parameter|(4, 3)|(1,)"

CASES = [
    # gradients
    case("SGD, gradient of another shape", ValueError, SHAPE, stepped, optim.SGD, np.ones(1, np.float32)),
    case("AdamW, gradient of another shape", ValueError, SHAPE, stepped, AdamW, np.ones(1, np.float32)),
    case("AdamW, gradient in float64", TypeError, "params[0].grad|float32|float64", stepped, AdamW, np.ones((4, 3))),
    case(
        "SGD, gradient of integers", TypeError, "params[0].grad|float32|int64", stepped, optim.SGD, np.ones((4, 3), int)
    ),
    case("SGD, gradient a list", TypeError, "params[0].grad|array|list", stepped, optim.SGD, ONES.tolist()),
    case("SGD, gradient a Tensor", TypeError, "params[0].grad|array|Tensor", stepped, optim.SGD, Tensor(ONES)),
    case("clipping, gradient of another shape", ValueError, SHAPE, clipped, np.ones(1, np.float32)),
    case("clipping, read-only gradient", ValueError, "gradient|read-only", clipped, np.broadcast_to(ONES[0], (4, 3))),
    # parameters
    case("a bare parameter", TypeError, "params|a list of parameters|[parameter]", optim.SGD, weight(2, 2), lr=0.1),
    case("a module", TypeError, "params|Linear|.parameters()", AdamW, nn.Linear(2, 2)),
    case("a dictionary", TypeError, "params|a list of parameters|dict", Adam, {"w": weight(2)}),
    case("a string", TypeError, "params|a list of parameters|str", Adam, "weights"),
    case("an array", TypeError, "params[0]|Tensor|ndarray", Adam, [np.ones(2)]),
    case("the result of an op", ValueError, "params[0]|op|leaves", Adam, [weight(2) * 2]),
    case("no gradient required", ValueError, "params[0]|requires_grad=False", Adam, [Tensor([1.0])]),
    case("no parameter", ValueError, "params is empty", Adam, []),
    case("a parameter twice", ValueError, "params|the same parameter twice", Adam, [nn.Parameter(X)] * 2),
    case("a group without params", ValueError, "params|group without", Adam, [{"weight_decay": 0.1}]),
    case(
        "a group with momentum", ValueError, "params|momentum|only lr", Adam, [{"params": [weight(2)], "momentum": 1}]
    ),
    case("lr of a group NaN", ValueError, "lr of a group|nan", Adam, [{"params": [weight(2)], "lr": NAN}]),
    case(
        "lr of a group, lr 0", ValueError, "lr must be above 0|group", Adam, [{"params": [weight(2)], "lr": 1.0}], lr=0
    ),
    case("frozen by an integer", TypeError, "requires_grad|True or False|0", nn.Linear(2, 2).requires_grad_, 0),
    case("clipping a module", TypeError, "params|Linear|.parameters()", clip_grad_norm, nn.Linear(2, 2), 1.0),
    case("clipping arrays", TypeError, "params[0]|Tensor|ndarray", clip_grad_norm, [X], 1.0),
    # settings
    case("lr NaN", ValueError, "lr|finite|nan", optim.SGD, [weight(2)], lr=NAN),
    case("lr infinite", ValueError, "lr|finite|inf", optim.SGD, [weight(2)], lr=INFINITY),
    case("lr None", TypeError, "lr|number|None", optim.SGD, [weight(2)], lr=None),
    case("lr assigned NaN", ValueError, "lr|finite|nan", stepped_with, "lr", NAN),
    case("betas assigned one", ValueError, "betas|two numbers|(0.9,)", stepped_with, "betas", (0.9,)),
    case("momentum NaN", ValueError, "momentum|finite|nan", optim.SGD, [weight(2)], lr=0.1, momentum=NAN),
    case("weight_decay negative", ValueError, "weight_decay|at least 0|-0.1", AdamW, [weight(2)], weight_decay=-0.1),
    case(
        "weight_decay of a group NaN",
        ValueError,
        "weight_decay|finite|nan",
        AdamW,
        [{"params": [weight(2)], "weight_decay": NAN}],
    ),
    case("eps negative", ValueError, "eps|at least 0|-1", Adam, [weight(2)], eps=-1e-8),
    case("betas a number", TypeError, "betas|two numbers|0.9", Adam, [weight(2)], betas=0.9),
    case("beta2 one", ValueError, "betas[1]|below 1|1.0", Adam, [weight(2)], betas=(0.9, 1.0)),
    case("Adafactor, lr and relative_step", ValueError, "lr|relative_step|0.1", Adafactor, [weight(2)], lr=0.1),
    case("Adafactor, neither", ValueError, "lr|relative_step=False", Adafactor, [weight(2)], relative_step=False),
    case(
        "Adafactor, decay_rate above 0", ValueError, "decay_rate|at most 0|0.8", Adafactor, [weight(2)], decay_rate=0.8
    ),
    case("max_norm NaN", ValueError, "max_norm|above 0|nan", clipped, ONES.copy(), NAN),
    case("max_norm a string", TypeError, "max_norm|number|'1'", clipped, ONES.copy(), "1"),
    # states
    case("state, step a float", ValueError, "step.0|float64|int64", loaded, "step.0", np.array([2.7])),
    case("state, step negative", ValueError, "step.0|at least 0|-1", loaded, "step.0", np.array([-1])),
    case("state, a list", TypeError, "exp_avg.0|array|list", loaded, "exp_avg.0", [0.0, 0.0]),
    case("state, another shape", ValueError, "exp_avg.0|(3,)|(2,)", loaded, "exp_avg.0", np.ones(3, np.float32)),
    # schedules
    case("schedule, step -1", ValueError, "step|at least 0|-1", optim.warmup_cosine, -1, 10, 50),
    case("schedule, step 0.5", TypeError, "step|integer|0.5", optim.warmup_linear, 0.5, 10, 50),
    case("schedule, negative warm-up", ValueError, "warmup_steps|-1", optim.inverse_square_root, 1, -1),
    case("schedule, total below warm-up", ValueError, "total_steps|exceed|5|10", optim.warmup_linear, 0, 10, 5),
    case("schedule, final NaN", ValueError, "final|finite|nan", optim.warmup_cosine, 20, 10, 50, NAN),
    # data parallelism
    case("n_threads 1.5", TypeError, "n_threads|integer|1.5", DataParallel, nn.Linear(2, 2), 1.5),
    case("n_items negative", ValueError, "n_items|at least 0|-1", parallel, lambda loss: (loss, -1)),
    case("n_items NaN", TypeError, "n_items|integer|nan", parallel, lambda loss: (loss, NAN)),
    case("loss_of without n_items", TypeError, "loss_of|n_items|Tensor", parallel, lambda loss: loss),
    case("loss_of gives a float", TypeError, "loss_of|Tensor|float", parallel, lambda loss: (loss.item(), 1)),
    case("batch of two lengths", ValueError, "batch|[3, 4]", parallel, lambda loss: (loss, 1), ONES, ONES[:3]),
    case("batch of numbers", TypeError, "batch[0]|array|int", parallel, lambda loss: (loss, 1), 3),
    # the check of rules
    case("gradcheck, no direction", ValueError, "directions|at least 1|0", checked, ops.exp, X, directions=0),
    case("gradcheck, no input", ValueError, "inputs is empty", checked, lambda: Tensor(X)),
    case("gradcheck, epsilon 0", ValueError, "epsilon|above 0|0", checked, ops.exp, X, epsilon=0.0),
    case("gradcheck, tolerance infinite", ValueError, "tolerance|finite|inf", checked, ops.exp, X, tolerance=INFINITY),
    case("gradcheck, no Tensor", TypeError, "function|Tensor|ndarray", checked, lambda x: x.data, X),
    # seeds and threads
    case("seed None", TypeError, "seed|integer|None", manual_seed, None),
    case("seed negative", ValueError, "seed|at least 0|-1", manual_seed, -1),
    case("random state None", TypeError, "state|dictionary|None", random.set_state, None),
    case("threads 2.5", TypeError, "n_threads|integer|2.5", set_num_threads, 2.5),
    case("threads True", TypeError, "n_threads|integer|True", set_num_threads, True),
    case("threads 0", ValueError, "n_threads|at least 1|0", set_num_threads, 0),
    # layers
    case("Linear, negative size", ValueError, "in_features|at least 1|-1", nn.Linear, -1, 2),
    case("Linear, size a float", TypeError, "out_features|integer|2.0", nn.Linear, 2, 2.0),
    case("Linear, a Generator as bias", TypeError, "bias|True or False", nn.Linear, 2, 2, np.random.default_rng(0)),
    case("Linear, a seed as generator", TypeError, "generator|default_rng|0", nn.Linear, 2, 2, generator=0),
    case("Embedding, no ids", ValueError, "num_embeddings|at least 1|0", nn.Embedding, 0, 4),
    case("Dropout, p NaN", ValueError, "p must be|finite|nan", nn.Dropout, NAN),
    case("Dropout, p a boolean", TypeError, "p must be|number|True", nn.Dropout, True),
    case("LSTM, size 0", ValueError, "hidden_size|at least 1|0", nn.LSTM, 3, 0),
    case("LSTM, no layer", ValueError, "n_layers|at least 1|0", nn.LSTM, 3, 3, 0),
    case("LayerNorm, eps negative", ValueError, "eps|at least 0|-1", nn.LayerNorm, 3, -1),
    case("RMSNorm, eps NaN", ValueError, "eps|finite|nan", nn.RMSNorm, 3, NAN),
    case("attention, no heads", ValueError, "n_heads|at least 1|0", nn.MultiHeadAttention, 8, 0),
    case("attention, head_size 0", ValueError, "head_size|at least 1|0", nn.MultiHeadAttention, 8, 2, head_size=0),
    case("Sequential of a list", TypeError, "modules[0]|Module|Linear", nn.Sequential, [nn.Linear(2, 2)]),
]
