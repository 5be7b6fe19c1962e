"""Our BERT against transformers' with the same random weights: hidden states, heads, losses, every gradient."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import IGNORE, ops, use_kernels
from models.bert import BERT, BERTConfig
from models.pretrained import bert as checkpoint
from tests.parity.test_ops import assert_close
from tests.parity.twins import TOLERANCE, gradients, in_their_layout, make_lively, padded_batch

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@dataclass(frozen=True)
class Shape:
    """A small model, and the lengths of the sequences of a batch."""

    config: BERTConfig
    lengths: list[int]
    seed: int


@st.composite
def shapes(draw) -> Shape:
    n_heads = draw(st.integers(1, 4))
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=4))
    config = BERTConfig(
        vocab_size=draw(st.integers(8, 60)),
        n_positions=draw(st.integers(max(lengths), 16)),
        d_model=n_heads * draw(st.integers(4, 9)),
        n_layers=draw(st.integers(1, 3)),
        n_heads=n_heads,
        d_ff=draw(st.none() | st.integers(1, 20)),
        n_segments=draw(st.integers(1, 3)),
        layer_norm_eps=draw(st.sampled_from([1e-12, 1e-2])),
    )
    return Shape(config, lengths, seed=draw(st.integers(0, 2**16)))


def twins(config: BERTConfig, seed: int):
    """Our model and theirs with the same weights, none of them zero or one."""
    ours = BERT(config)
    make_lively(ours, seed)
    theirs = transformers.BertForPreTraining(
        transformers.BertConfig(
            **{name: value for name, value in checkpoint.config_to(ours).items() if name != "architectures"},
            pad_token_id=None,  # else its embedding learns nothing there, even where it stands as a token
            attn_implementation="eager",
        )
    )
    weights = in_their_layout(ours.state_dict(), checkpoint.entries(ours))
    assert weights.keys() == dict(theirs.named_parameters()).keys()
    missing, unexpected = theirs.load_state_dict(
        {name: torch.tensor(array) for name, array in weights.items()}, strict=False
    )
    assert all(name.startswith("cls.predictions.decoder.") for name in missing)  # tied to others
    assert not unexpected
    return ours, theirs.eval()


@pytest.mark.parametrize("kernels", ["reference", "fast"])
@pytest.mark.parametrize("padding", ["none", "right", "left"])
def test_logits_loss_and_every_gradient_agree_with_transformers(padding: str, kernels: str):
    @settings(max_examples=10)
    @given(shape=shapes())
    def check(shape: Shape):
        config, rng = shape.config, np.random.default_rng(shape.seed)
        ours, theirs = twins(config, shape.seed)
        ids, attention_mask = padded_batch(shape.lengths, config.vocab_size, padding, shape.seed)
        is_token = attention_mask == 1
        token_type_ids = rng.integers(config.n_segments, size=ids.shape)
        labels = np.where(
            is_token & (rng.random(ids.shape) < 0.5), rng.integers(config.vocab_size, size=ids.shape), IGNORE
        )
        labels[0, attention_mask[0].argmax()] = 3  # transformers' loss of no labels at all is NaN
        next_labels = rng.integers(2, size=len(ids))
        with use_kernels(kernels):
            layers = ours.layers(ids, None if padding == "none" else attention_mask, token_type_ids)
            hidden = layers[-1]
            masked_lm, next_sentence = ours.masked_lm_logits(hidden), ours.next_sentence_logits(hidden)
            loss = ops.cross_entropy(masked_lm, labels) + ops.cross_entropy(next_sentence, next_labels)
            loss.backward()

        expected = theirs(
            torch.tensor(ids),
            attention_mask=torch.tensor(attention_mask),
            token_type_ids=torch.tensor(token_type_ids),
            position_ids=torch.tensor(np.maximum(np.cumsum(attention_mask, axis=1) - 1, 0)),
            labels=torch.tensor(labels),
            next_sentence_label=torch.tensor(next_labels),
            output_hidden_states=True,
        )
        expected.loss.backward()
        for layer, theirs_of_layer in zip(layers, expected.hidden_states, strict=True):
            assert_close(layer.data[is_token], theirs_of_layer.detach().numpy()[is_token], TOLERANCE)
        assert_close(masked_lm.data[is_token], expected.prediction_logits.detach().numpy()[is_token], TOLERANCE)
        assert_close(loss.data, expected.loss.detach().numpy(), TOLERANCE)
        if padding != "left":  # with padding on the left, [CLS] is not the first token: the pooler reads padding
            assert_close(next_sentence.data, expected.seq_relationship_logits.detach().numpy(), TOLERANCE)
        found = in_their_layout(gradients(ours), checkpoint.entries(ours))
        for name, parameter in theirs.named_parameters():
            assert_close(found[name], parameter.grad.numpy(), TOLERANCE)

    check()
