"""Our T5 against transformers' with the same random weights: logits, loss, every gradient, and greedy text."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import IGNORE, ops, use_kernels
from models.position_bias import distance_buckets
from models.pretrained import t5 as checkpoint
from models.sampling import GREEDY
from models.t5 import T5, T5Config
from tests.parity.test_ops import assert_close
from tests.parity.twins import TOLERANCE, gradients, in_their_layout, make_lively, padded_batch

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

SMALL = T5Config(vocab_size=50, d_model=24, d_ff=40, n_layers=2, n_heads=3)


@dataclass(frozen=True)
class Shape:
    """A small model, and the lengths of the inputs and of the outputs of a batch."""

    config: T5Config
    lengths: list[int]
    decoder_length: int
    seed: int


@st.composite
def shapes(draw) -> Shape:
    n_heads = draw(st.integers(1, 4))
    version_1_1 = draw(st.booleans())
    config = T5Config(
        vocab_size=draw(st.integers(8, 60)),
        d_model=n_heads * draw(st.integers(4, 9)),
        d_ff=draw(st.integers(1, 20)),
        n_layers=draw(st.integers(1, 3)),
        n_decoder_layers=draw(st.none() | st.integers(1, 3)),
        n_heads=n_heads,
        head_size=draw(st.none() | st.integers(1, 9)),
        n_buckets=draw(st.sampled_from([4, 8, 32])),
        max_distance=draw(st.sampled_from([18, 20, 128])),
        gated_gelu=version_1_1,
        tied_head=not version_1_1,
        layer_norm_eps=draw(st.sampled_from([1e-6, 1e-2])),
    )
    lengths = draw(st.lists(st.integers(1, 25), min_size=1, max_size=4))
    return Shape(config, lengths, draw(st.integers(1, 25)), seed=draw(st.integers(0, 2**16)))


def twins(config: T5Config, seed: int, std: float = 0.2):
    """Our model and theirs with the same weights, none of them zero or one."""
    ours = T5(config)
    make_lively(ours, seed, std)
    settings = {name: value for name, value in checkpoint.config_to(config).items() if name != "architectures"}
    theirs = transformers.T5ForConditionalGeneration(transformers.T5Config(**settings, attn_implementation="eager"))
    if not config.tied_head:  # transformers ties them in new models, whatever the config says
        theirs.lm_head.weight = torch.nn.Parameter(torch.zeros(config.vocab_size, config.d_model))
    weights = in_their_layout(ours.state_dict(), checkpoint.entries(config))
    assert weights.keys() == dict(theirs.named_parameters()).keys()
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            parameter.copy_(torch.tensor(weights[name]))
    return ours, theirs.eval()


@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize("padding", ["none", "right", "left"])
def test_logits_loss_and_every_gradient_agree_with_transformers(padding: str, kernels: str):
    @settings(max_examples=15)
    @given(shape=shapes())
    def check(shape: Shape):
        config, rng = shape.config, np.random.default_rng(shape.seed)
        ours, theirs = twins(config, shape.seed)
        ids, attention_mask = padded_batch(shape.lengths, config.vocab_size, padding, shape.seed)
        decoder_ids = rng.integers(config.vocab_size, size=(len(ids), shape.decoder_length))
        labels = np.where(rng.random(decoder_ids.shape) < 0.8, (decoder_ids + 1) % config.vocab_size, IGNORE)
        labels[0, 0] = 3  # transformers' loss of no labels at all is NaN
        with use_kernels(kernels):
            logits = ours(ids, decoder_ids, None if padding == "none" else attention_mask)
            loss = ops.cross_entropy(logits, labels)
            loss.backward()

        expected = theirs(
            torch.tensor(ids),
            attention_mask=torch.tensor(attention_mask),
            decoder_input_ids=torch.tensor(decoder_ids),
            labels=torch.tensor(labels),
        )
        expected.loss.backward()
        assert_close(logits.data, expected.logits.detach().numpy(), TOLERANCE)
        assert_close(loss.data, expected.loss.detach().numpy(), TOLERANCE)
        found = in_their_layout(gradients(ours), checkpoint.entries(config))
        for name, parameter in theirs.named_parameters():
            assert_close(found[name], parameter.grad.numpy(), TOLERANCE)

    check()


@pytest.mark.parametrize("both_ways", [True, False])
@pytest.mark.parametrize(("n_buckets", "max_distance"), [(32, 128), (32, 20), (8, 16), (4, 100), (64, 256)])
def test_distances_are_sorted_as_in_transformers(both_ways: bool, n_buckets: int, max_distance: int):
    from transformers.models.t5.modeling_t5 import T5Attention

    distance = np.arange(-1000, 1001)
    expected = T5Attention._relative_position_bucket(torch.tensor(distance), both_ways, n_buckets, max_distance)
    np.testing.assert_array_equal(distance_buckets(distance, both_ways, n_buckets, max_distance), expected.numpy())


@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize("version_1_1", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_greedy_text_is_token_for_token_that_of_transformers(seed: int, version_1_1: bool, kernels: str):
    config = replace(SMALL, gated_gelu=version_1_1, tied_head=not version_1_1)
    ours, theirs = twins(config, seed, std=0.5)
    ids, attention_mask = padded_batch([9, 5, 7], 50, "right", seed)
    with use_kernels(kernels):
        text = ours.generate(ids, 27, GREEDY, attention_mask=attention_mask)
    expected = theirs.generate(
        torch.tensor(ids), attention_mask=torch.tensor(attention_mask), max_new_tokens=27, do_sample=False
    )
    np.testing.assert_array_equal(text, expected.numpy())
    assert len(np.unique(text)) > 5  # a model that repeats one token would agree too easily
