"""Every layer against PyTorch's with the same weights: outputs, and gradients of inputs and weights."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, nn, use_kernels

torch = pytest.importorskip("torch")

Names = dict[str, str]
"""The name of each of our parameters → its name in PyTorch."""


@pytest.fixture(autouse=True, params=["reference", "fast"])
def kernels(request: pytest.FixtureRequest):
    with use_kernels(request.param):
        yield


def draw(*shape: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape)


def copy_weights(ours: nn.Module, theirs: Any, names: Names) -> None:
    """Fill both with the same random float64 weights."""
    parameters = dict(ours.named_parameters())
    assert parameters.keys() == names.keys()
    for seed, (name, parameter) in enumerate(parameters.items()):
        parameter.data = draw(*parameter.shape, seed=100 + seed)
        with torch.no_grad():
            theirs.get_parameter(names[name]).copy_(torch.tensor(parameter.data))


def assert_close(found: np.ndarray, expected: Any) -> None:
    expected = expected.detach().numpy()
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)


def compare(
    ours: nn.Module, theirs: Any, names: Names, inputs: list[np.ndarray], our_call: Callable, their_call: Callable
) -> None:
    """Call both on the same inputs; compare the outputs, and all gradients of a random projection of them."""
    our_inputs = [Tensor(array.copy(), requires_grad=True) for array in inputs]
    their_inputs = [torch.tensor(array, requires_grad=True) for array in inputs]
    our_out, their_out = our_call(*our_inputs), their_call(*their_inputs)
    assert_close(our_out.data, their_out)
    direction = draw(*our_out.shape, seed=7)
    our_out.backward(direction)
    their_out.backward(torch.tensor(direction))
    for our, their in zip(our_inputs, their_inputs, strict=True):
        assert_close(our.grad, their.grad)
    for name, parameter in ours.named_parameters():
        assert_close(parameter.grad, theirs.get_parameter(names[name]).grad)


SIMPLE = {
    "linear": (
        lambda: nn.Linear(5, 3),
        lambda: torch.nn.Linear(5, 3, dtype=torch.float64),
        ["weight", "bias"],
    ),
    "linear without bias": (
        lambda: nn.Linear(5, 3, bias=False),
        lambda: torch.nn.Linear(5, 3, bias=False, dtype=torch.float64),
        ["weight"],
    ),
    "layer norm": (
        lambda: nn.LayerNorm(5, eps=0.1),
        lambda: torch.nn.LayerNorm(5, eps=0.1, dtype=torch.float64),
        ["weight", "bias"],
    ),
    "layer norm with its own eps": (
        lambda: nn.LayerNorm(5),
        lambda: torch.nn.LayerNorm(5, dtype=torch.float64),
        ["weight", "bias"],
    ),
    "RMS norm": (
        lambda: nn.RMSNorm(5, eps=0.1),
        lambda: torch.nn.RMSNorm(5, eps=0.1, dtype=torch.float64),
        ["weight"],
    ),
    "ReLU": (nn.ReLU, lambda: torch.nn.ReLU(), []),
    "tanh": (nn.Tanh, lambda: torch.nn.Tanh(), []),
    "GELU": (nn.GELU, lambda: torch.nn.GELU(), []),
    "GELU through tanh": (nn.GELUTanh, lambda: torch.nn.GELU(approximate="tanh"), []),
    "dropout while evaluating": (lambda: nn.Dropout(0.5).eval(), lambda: torch.nn.Dropout(0.5).eval(), []),
}


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.parametrize("shape", [(4, 5), (2, 3, 5)])
def test_simple_layers(name: str, shape: tuple[int, ...]):
    build_ours, build_theirs, parameters = SIMPLE[name]
    ours, theirs, names = build_ours(), build_theirs(), {p: p for p in parameters}
    copy_weights(ours, theirs, names)
    compare(ours, theirs, names, [draw(*shape, seed=0)], lambda x: ours(x) * 1.0, theirs)


def test_embedding():
    ours, theirs = nn.Embedding(6, 4), torch.nn.Embedding(6, 4, dtype=torch.float64)
    copy_weights(ours, theirs, {"weight": "weight"})
    ids = np.array([[0, 5, 5], [2, 0, 5]])
    compare(ours, theirs, {"weight": "weight"}, [], lambda: ours(ids), lambda: theirs(torch.tensor(ids)))


def test_sequential():
    ours = nn.Sequential(nn.Linear(5, 8), nn.GELU(), nn.Linear(8, 2))
    theirs = torch.nn.Sequential(torch.nn.Linear(5, 8), torch.nn.GELU(), torch.nn.Linear(8, 2)).double()
    names = {name: name for name in ("0.weight", "0.bias", "2.weight", "2.bias")}
    copy_weights(ours, theirs, names)
    compare(ours, theirs, names, [draw(4, 5, seed=0)], ours, theirs)


# -- attention ----------------------------------------------------------------------------------

LENGTH, WIDTH, HEADS = 5, 8, 2


class TorchAttention(torch.nn.Module):
    """PyTorch's attention from four linear layers, named like ours."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v, self.out = (torch.nn.Linear(WIDTH, WIDTH, dtype=torch.float64) for _ in range(4))

    def forward(self, x: Any, context: Any, **arguments: Any) -> Any:
        projections = [self.q, self.k, self.v]
        out, _ = torch.nn.functional.multi_head_attention_forward(
            x.transpose(0, 1),
            context.transpose(0, 1),
            context.transpose(0, 1),
            WIDTH,
            HEADS,
            torch.cat([layer.weight for layer in projections]),
            torch.cat([layer.bias for layer in projections]),
            bias_k=None,
            bias_v=None,
            add_zero_attn=False,
            dropout_p=0.0,
            out_proj_weight=self.out.weight,
            out_proj_bias=self.out.bias,
            need_weights=False,
            **arguments,
        )
        return out.transpose(0, 1)


@pytest.fixture
def attentions() -> tuple[nn.MultiHeadAttention, TorchAttention, Names]:
    ours, theirs = nn.MultiHeadAttention(WIDTH, HEADS), TorchAttention()
    names = {name: name for name, _ in ours.named_parameters()}
    copy_weights(ours, theirs, names)
    return ours, theirs, names


MASK = np.array([[1, 1, 1, 1, 0], [1, 0, 1, 0, 0]])


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
def test_self_attention(attentions, causal: bool, mask: np.ndarray | None):
    ours, theirs, names = attentions
    arguments = {}
    if causal:
        arguments["attn_mask"] = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)  # True: not to be attended to
    if mask is not None:
        arguments["key_padding_mask"] = torch.tensor(mask == 0)
    compare(
        ours,
        theirs,
        names,
        [draw(2, LENGTH, WIDTH, seed=0)],
        lambda x: ours(x, causal=causal, mask=mask),
        lambda x: theirs(x, x, **arguments),
    )


def test_attention_from_a_context(attentions):
    ours, theirs, names = attentions
    inputs = [draw(2, 3, WIDTH, seed=0), draw(2, LENGTH, WIDTH, seed=1)]
    padding = torch.tensor(MASK == 0)
    compare(
        ours,
        theirs,
        names,
        inputs,
        lambda x, context: ours(x, context, mask=MASK),
        lambda x, context: theirs(x, context, key_padding_mask=padding),
    )


def test_the_scale_of_attention_can_be_set_as_in_t5(attentions):
    ours, theirs, _ = attentions
    x = draw(2, LENGTH, WIDTH, seed=0)
    our_out = ours(Tensor(x), scale=1.0)
    theirs.q.weight.data *= (WIDTH / HEADS) ** 0.5
    theirs.q.bias.data *= (WIDTH / HEADS) ** 0.5
    assert_close(our_out.data, theirs(torch.tensor(x), torch.tensor(x)))


# -- LSTM ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_layers", [1, 2])
@pytest.mark.parametrize("with_state", [False, True], ids=["from zeros", "from a state"])
def test_lstm(n_layers: int, with_state: bool):
    ours = nn.LSTM(4, 6, n_layers)
    theirs = torch.nn.LSTM(4, 6, n_layers, batch_first=True, dtype=torch.float64)
    names = {}
    for layer in range(n_layers):
        names[f"layers.{layer}.weight_ih"] = f"weight_ih_l{layer}"
        names[f"layers.{layer}.weight_hh"] = f"weight_hh_l{layer}"
        names[f"layers.{layer}.bias"] = f"bias_ih_l{layer}"
        torch.nn.init.zeros_(theirs.get_parameter(f"bias_hh_l{layer}"))  # PyTorch adds two biases
    copy_weights(ours, theirs, names)
    h, c = draw(n_layers, 2, 6, seed=1), draw(n_layers, 2, 6, seed=2)
    our_state = list(zip(h, c, strict=True)) if with_state else None
    their_state = (torch.tensor(h), torch.tensor(c)) if with_state else None
    x = draw(2, 5, 4, seed=0)
    compare(ours, theirs, names, [x], lambda x: ours(x, our_state)[0], lambda x: theirs(x, their_state)[0])
    _, our_final = ours(Tensor(x), our_state)
    _, their_final = theirs(torch.tensor(x), their_state)
    for position in (0, 1):
        assert_close(np.stack([layer[position] for layer in our_final]), their_final[position])
