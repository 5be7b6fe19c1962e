"""Models on a GPU, for which tests/gpu_double.py stands in: they train, are saved and write as on the CPU."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minigrad import (
    IGNORE,
    DataParallel,
    Tensor,
    load_checkpoint,
    manual_seed,
    nn,
    no_grad,
    ops,
    optim,
    save_checkpoint,
    use_kernels,
)
from minigrad.errors import DeviceError
from models.attention_classifier import ElmoClassifier, ElmoPairClassifier
from models.beam_search import beam_search
from models.bert import BERT, BERTConfig
from models.elmo import BiLSTMConfig, BiLSTMLanguageModel, ELMo
from models.finetuning import (
    CLSClassifier,
    CLSRegressor,
    LastTokenClassifier,
    MultipleChoice,
    SimilarityClassifier,
    SpanExtractor,
    add_tokens,
    loss_with_language_modelling,
    span_loss,
)
from models.generation import WithCache, WithoutCache, generate
from models.gpt import GPT, GPTConfig
from models.lstm_lm import LSTMConfig, LSTMLanguageModel
from models.sampling import GREEDY, Sampling
from models.scoring import token_log_probs
from models.t5 import T5, Output, T5Config
from models.t5_decoder import T5Decoder
from models.word_vectors import SkipGram
from tests.gpu_double import FakeGPUArray, waits

pytestmark = pytest.mark.usefixtures("gpu")

V = 11
IDS = np.array([[1, 2, 3, 4, 5, 6], [7, 8, 9, 1, 0, 0]])
MASK = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
LABELS = np.where(MASK == 1, IDS, IGNORE)


def gpt() -> GPT:
    return GPT(GPTConfig(V, n_positions=8, d_model=8, n_layers=2, n_heads=2, dropout=0.1))


def bert() -> BERT:
    return BERT(BERTConfig(V, n_positions=8, d_model=8, n_layers=2, n_heads=2, dropout=0.1))


def t5_config(gated: bool) -> T5Config:
    return T5Config(V, d_model=8, n_layers=1, n_heads=2, head_size=4, d_ff=16, dropout=0.1, gated_gelu=gated)


def elmo() -> BiLSTMLanguageModel:
    return BiLSTMLanguageModel(BiLSTMConfig(V, d_model=8, dropout=0.1))


def bert_loss(model: BERT) -> Tensor:
    hidden = model(IDS, MASK, MASK * 0)
    rows, places = np.array([0, 0, 1]), np.array([1, 4, 2])
    masked = ops.cross_entropy(model.masked_lm_logits(hidden[rows, places]), IDS[rows, places])
    return masked + ops.cross_entropy(model.next_sentence_logits(hidden), np.array([0, 1]))


def multiple_choice_loss(model: MultipleChoice) -> Tensor:
    return ops.cross_entropy(model(np.stack([IDS, IDS]), np.stack([MASK, MASK])), np.array([0, 1]))


def t5_loss(model: T5) -> Tensor:
    return ops.cross_entropy(model(IDS, IDS[:, :3], MASK), LABELS[:, :3])


MODELS: dict[str, tuple[Callable[[], Any], Callable[[Any], Tensor]]] = {
    "gpt": (gpt, lambda model: ops.cross_entropy(model(IDS, MASK), LABELS)),
    "gpt with all options": (
        lambda: GPT(replace(gpt().config, positions="rotary", tied_head=False, zero_init_head=True)),
        lambda model: ops.cross_entropy(model(IDS, MASK), LABELS),
    ),
    "bert": (bert, bert_loss),
    "t5": (lambda: T5(t5_config(False)), t5_loss),
    "t5, gated": (lambda: T5(t5_config(True)), t5_loss),
    "prefix lm": (
        lambda: T5Decoder(t5_config(True)),
        lambda model: ops.cross_entropy(model(IDS, MASK, prefix_mask=np.arange(6) < MASK * 2), LABELS),
    ),
    "lstm": (
        lambda: LSTMLanguageModel(LSTMConfig(V, d_model=8, n_layers=2, dropout=0.1)),
        lambda model: ops.cross_entropy(model(IDS, MASK), LABELS),
    ),
    "elmo's language model": (elmo, lambda model: model.loss(IDS, MASK)),
    "elmo classifier": (
        lambda: ElmoClassifier(ELMo(elmo()), 4, 2),
        lambda model: ops.cross_entropy(model(IDS, MASK), np.array([0, 1])),
    ),
    "elmo pair classifier": (
        lambda: ElmoPairClassifier(ELMo(elmo(), frozen=False), 4, 2),
        lambda model: ops.cross_entropy(model(IDS, MASK, IDS[:, :4], MASK[:, :4]), np.array([0, 1])),
    ),
    "word vectors": (lambda: SkipGram(V, 8), lambda model: model(IDS[0], IDS[1], IDS.T)),
    "gpt classifier": (
        lambda: LastTokenClassifier(gpt(), 8, 2),
        lambda model: loss_with_language_modelling(model, IDS, MASK, np.array([0, 1])),
    ),
    "gpt similarity": (
        lambda: SimilarityClassifier(gpt(), 8, 2),
        lambda model: ops.cross_entropy(model(IDS, IDS, MASK), np.array([0, 1])),
    ),
    "gpt multiple choice": (lambda: MultipleChoice(gpt(), 8), multiple_choice_loss),
    "bert classifier": (
        lambda: CLSClassifier(bert(), 8, 2),
        lambda model: ops.cross_entropy(model(IDS, MASK), np.array([0, 1])),
    ),
    "bert regressor": (
        lambda: CLSRegressor(bert(), 8),
        lambda model: ops.mse_loss(model(IDS, MASK), np.array([0.5, 2.5], np.float32)),
    ),
    "bert spans": (
        lambda: SpanExtractor(bert(), 8),
        lambda model: span_loss(*model(IDS, MASK), np.array([1, 0]), np.array([2, 3])),
    ),
}


def adamw(model: nn.Module) -> optim.AdamW:
    """A large eps: the gradient of a key's bias is zero but for rounding, which Adam would blow up."""
    return optim.AdamW(model.parameters(), lr=0.01, eps=1e-4)


def step(model: nn.Module, optimizer: optim.Optimizer, loss_of: Callable[[Any], Tensor]) -> tuple[float, float]:
    """The loss and the gradient's norm before the step."""
    loss = loss_of(model)
    loss.backward()
    norm = optim.clip_grad_norm(optimizer.params, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return loss.item(), norm


def numbers(model: nn.Module) -> dict[str, np.ndarray]:
    return {name: parameter.numpy() for name, parameter in model.named_parameters()}


def is_on(device: str, model: nn.Module, optimizer: optim.Optimizer | None = None) -> bool:
    arrays = [parameter.data for parameter in model.parameters()]
    if optimizer is not None:
        arrays += [state[slot] for state in optimizer.state for slot in optimizer.slots]
    return {isinstance(array, FakeGPUArray) for array in arrays} == {device == "cuda"}


def assert_same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=1e-3, atol=2e-5, err_msg=name)


def two_steps(name: str, device: str, kernels: str) -> tuple[list[tuple[float, float]], list[dict[str, np.ndarray]]]:
    """Losses and gradients' norms; the first step's gradients and the parameters at the end. Dropout is on."""
    build, loss_of = MODELS[name]
    manual_seed(0)
    model = build().to(device)
    optimizer = adamw(model)
    with use_kernels(kernels):
        loss_of(model).backward()
        gradients = {name: Tensor(one.grad).numpy() for name, one in model.named_parameters() if one.grad is not None}
        optimizer.zero_grad()
        figures = [step(model, optimizer, loss_of) for _ in range(2)]
    assert is_on(device, model, optimizer)
    return figures, [gradients, numbers(model)]


@pytest.mark.parametrize(("device", "kernels"), [("cuda", "fast"), ("cpu", "cuda_on_host")])
@pytest.mark.parametrize("name", MODELS)
def test_two_steps_of_training_give_the_same_as_the_reference_on_the_cpu(name, device, kernels):
    expected, found = two_steps(name, "cpu", "reference"), two_steps(name, device, kernels)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-4)
    for one, other in zip(found[1], expected[1], strict=True):
        assert_same(one, other)


def test_a_step_waits_for_the_gpu_where_it_must():
    model = gpt().to("cuda")
    optimizer = adamw(model)
    with waits() as n_waits:
        step(model, optimizer, MODELS["gpt"][1])
    assert n_waits == [3]  # is the loss's gradient 1? the gradients' norm; the loss as a number


@pytest.mark.parametrize("optimizer_of", [lambda model: optim.SGD(model.parameters(), 0.01, momentum=0.9), adamw])
@pytest.mark.parametrize("moved_after", [0, 1])
def test_an_optimizers_state_follows_the_model(optimizer_of, moved_after):
    results = []
    for device in ("cpu", "cuda"):
        manual_seed(0)
        model, loss_of = MODELS["gpt"][0](), MODELS["gpt"][1]
        optimizer = optimizer_of(model)
        for _ in range(moved_after):
            step(model, optimizer, loss_of)
        model.to(device)
        step(model, optimizer, loss_of)
        assert is_on(device, model, optimizer)
        results.append(numbers(model))
    assert_same(*results)


def test_gradients_move_with_the_model():
    model = nn.Linear(2, 2)
    model(Tensor(np.ones((1, 2), np.float32))).sum().backward()
    model.to("cuda")
    assert isinstance(model.weight.grad, FakeGPUArray)
    model(Tensor(np.ones((1, 2), np.float32)).to("cuda")).sum().backward()
    assert model.to("cpu").weight.grad.tolist() == [[2, 2], [2, 2]]


@pytest.mark.parametrize("saved_on", ["cpu", "cuda"])
@pytest.mark.parametrize("loaded_on", ["cpu", "cuda"])
def test_a_checkpoint_goes_from_any_device_to_any(tmp_path: Path, saved_on: str, loaded_on: str):
    build, loss_of = MODELS["gpt"]
    manual_seed(0)
    model = build().to(saved_on)
    optimizer = adamw(model)
    step(model, optimizer, loss_of)
    save_checkpoint(tmp_path / "one", model, optimizer, step=1)
    step(model, optimizer, loss_of)

    manual_seed(1)
    other = build().to(loaded_on)
    other_optimizer = adamw(other)
    assert load_checkpoint(tmp_path / "one", other, other_optimizer).step == 1
    assert is_on(loaded_on, other, other_optimizer)
    step(other, other_optimizer, loss_of)
    assert_same(numbers(model), numbers(other))


def test_a_state_is_copied_from_one_device_to_the_other():
    model, on_gpu = nn.Linear(2, 2), nn.Linear(2, 2).to("cuda")
    state = model.state_dict()
    on_gpu.load_state_dict(state)
    assert is_on("cuda", on_gpu)
    model.weight.data += 1
    assert not np.allclose(on_gpu.weight.numpy(), model.weight.numpy())
    model.load_state_dict(on_gpu.state_dict())
    assert is_on("cpu", model)
    np.testing.assert_array_equal(on_gpu.weight.numpy(), model.weight.numpy())


def test_an_optimizers_state_is_copied_from_one_device_to_the_other():
    model, on_gpu = nn.Linear(2, 2), nn.Linear(2, 2).to("cuda")
    optimizer, optimizer_on_gpu = adamw(model), adamw(on_gpu)
    step(model, optimizer, lambda model: model(Tensor(np.ones((1, 2), np.float32))).sum())
    optimizer_on_gpu.load_state_dict(optimizer.state_dict())
    assert is_on("cuda", on_gpu, optimizer_on_gpu)
    optimizer.load_state_dict(optimizer_on_gpu.state_dict())
    assert is_on("cpu", model, optimizer)
    assert optimizer.state[0]["exp_avg"].all()


def test_a_pretrained_model_can_be_moved_and_saved_from_there(tmp_path: Path):
    gpt().save_pretrained(tmp_path / "from the cpu")
    model = GPT.from_pretrained(tmp_path / "from the cpu").to("cuda")
    model.save_pretrained(tmp_path / "from the gpu")
    files = [tmp_path / place / "model.safetensors" for place in ("from the cpu", "from the gpu")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_new_tokens_are_where_the_model_is():
    tables = []
    for device in ("cpu", "cuda"):
        manual_seed(0)
        model = gpt().to(device)
        assert add_tokens(model, 2) == [V, V + 1]
        assert is_on(device, model)
        tables.append(model.token_embedding.weight.numpy())
    np.testing.assert_array_equal(*tables)


def test_data_parallelism_is_for_the_cpu():
    with pytest.raises(DeviceError, match="DataParallel is for models on the CPU"):
        DataParallel(gpt().to("cuda"), 2)


# -- writing ----------------------------------------------------------------------------------------

PROMPT_MASK = np.array([[1, 1, 1], [0, 1, 1]])


def beams(model: GPT | T5) -> list[list[int]]:
    if isinstance(model, GPT):
        return [found.ids.tolist() for found in beam_search(WithCache(model), IDS[:1, :3], 3, n_beams=2)]
    with no_grad():
        output = Output(model, IDS[:1], repeat=2)
    return [found.ids.tolist() for found in beam_search(WithCache(output), output.start()[:1], 3, n_beams=2)]


WRITERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "gpt, drawing": ("gpt", lambda model: model.generate(IDS[:, :3], 4, Sampling(top_k=5), attention_mask=PROMPT_MASK)),
    "gpt with all options": (
        "gpt with all options",
        lambda model: model.generate(IDS[:, :3], 4, Sampling(top_k=5), attention_mask=PROMPT_MASK),
    ),
    "gpt, past its positions": ("gpt", lambda model: model.generate(IDS, 4, Sampling(top_p=0.9))),
    "gpt, greedy, without a cache": ("gpt", lambda model: model.generate(IDS[:, :3], 4, GREEDY, use_cache=False)),
    "gpt, no repetition": ("gpt", lambda model: model.generate(IDS[:, :3], 4, Sampling(repetition_penalty=1.5))),
    "gpt, beams": ("gpt", beams),
    "gpt, log-probabilities": ("gpt", lambda model: token_log_probs(model, IDS, MASK).round(4)),
    "t5": ("t5", lambda model: model.generate(IDS, 4, attention_mask=MASK)),
    "t5, beams": ("t5", beams),
    "prefix lm": ("prefix lm", lambda model: model.generate(IDS[:, :3], 4, as_prefix=True)),
    "lstm": ("lstm", lambda model: generate(WithoutCache(model), IDS[:, :3], 4)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_the_same_is_written_on_both_devices(name):
    family, write = WRITERS[name]
    manual_seed(0)
    model = MODELS[family][0]().eval()
    on_cpu = write(model)
    on_gpu = write(model.to("cuda"))
    assert type(on_cpu) is type(on_gpu)
    np.testing.assert_array_equal(on_cpu, on_gpu)


def test_a_new_token_waits_for_its_logits_alone():
    model = gpt().to("cuda").eval()
    with waits() as n_waits:
        model.generate(IDS[:, :3], 4)
    assert n_waits == [4]
