"""The folders of toy models in transformers: the same ids, the same logits, the same greedy text."""

from pathlib import Path

import numpy as np
import pytest

from models import text
from models.bert import BERT
from models.generation import WithoutCache, generate
from models.gpt import GPT
from models.pretrained import toy
from models.sampling import GREEDY
from tests.models import toy_models
from tests.parity.test_ops import assert_close
from tests.parity.twins import TOLERANCE

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TEXTS = [
    "the dog barked .",
    'The DOG\'s cat, who said "a mat"?',
    "the [MASK] is an animal</s>[START] a cat",
    "who [DELIM] the dog [EXTRACT]",
    "the <extra_id_0> on <extra_id_3> mat <extra_id_99>",
    "qzzyx 42 [PAD] dog's [start] café ☃",
    "",
    "thedog##s ## dog",
]
SPECIAL = {*toy_models.BEFORE_SENTINELS, *(f"<extra_id_{i}>" for i in range(100))}


RANDOM_GPT, RANDOM_BERT, ROTARY = "random toy-gpt", "random toy-bert", "random ../toy-rotary"
GPTS = [RANDOM_GPT, ROTARY, *(name for name in toy.installed() if name.startswith("toy-gpt"))]


@pytest.fixture(scope="module", params=[RANDOM_GPT, ROTARY, RANDOM_BERT, *toy.installed()])
def folder(request, tmp_path_factory) -> Path:
    """The folder of a random model, or of an installed one."""
    kind, _, name = request.param.rpartition(" ")
    return toy_models.install(tmp_path_factory.mktemp("toy") / "toy") / name if kind else toy.toy_folder(name)


@pytest.fixture
def ids(folder) -> np.ndarray:
    """Random ids (2, T), among them special tokens."""
    model, _ = text.load(folder)
    return np.random.default_rng(0).integers(0, model.config.vocab_size, (2, min(20, model.config.n_positions)))


@pytest.mark.parametrize("name", ["AutoTokenizer", "BertTokenizerFast"])
def test_a_text_has_the_same_ids(name: str, folder):
    _, ours = text.load(folder)
    theirs = getattr(transformers, name).from_pretrained(folder)
    assert len(theirs) == ours.vocab_size
    for one in TEXTS:
        assert theirs(one, add_special_tokens=False)["input_ids"] == ours.encode(one), one
        assert theirs(one)["input_ids"] == ours.encode(one, add_special_tokens=True), one
    assert set(theirs.all_special_tokens) == set(ours.special_tokens) == SPECIAL & ours.ids.keys()


def test_the_logits_are_the_same(folder, ids):
    ours, _ = text.load(folder)
    is_rotary = isinstance(ours, GPT) and ours.config.positions == "rotary"
    of_gpt = transformers.GPTNeoXForCausalLM if is_rotary else transformers.GPT2LMHeadModel
    architecture = of_gpt if isinstance(ours, GPT) else transformers.BertForMaskedLM
    theirs, report = architecture.from_pretrained(folder, output_loading_info=True)
    assert not report["missing_keys"]
    assert not report["mismatched_keys"]
    with torch.no_grad():
        expected = theirs.eval()(torch.tensor(ids)).logits.numpy()
    logits = ours.masked_lm_logits(ours(ids)) if isinstance(ours, BERT) else ours(ids)
    assert_close(logits.data, expected, TOLERANCE)


@pytest.mark.parametrize("folder", GPTS, indirect=True)
def test_the_greedy_text_begins_and_ends_at_the_same_tokens(folder):
    ours, tokenizer = text.load(folder)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(folder)
    config = theirs.config
    assert (config.bos_token_id, config.eos_token_id) == (ours.config.bos_id, ours.config.eos_id)
    assert [tokenizer.vocab[id] for id in (config.bos_token_id, config.eos_token_id)] == ["[START]", "</s>"]
    start = np.array([[config.bos_token_id]])  # what transformers itself starts from
    expected = theirs.generate(max_new_tokens=15, do_sample=False, pad_token_id=0)
    assert expected.shape[1] > 3
    n = ours.config.n_positions
    written = generate(WithoutCache(ours, n), start, 15, GREEDY, eos_id=config.eos_token_id)
    np.testing.assert_array_equal(written[:, : expected.shape[1]], expected.numpy())
