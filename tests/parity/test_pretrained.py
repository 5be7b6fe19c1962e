"""Checkpoint folders, both ways: what we write loads into transformers, what transformers writes loads here."""

import json
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.bert import BERT, BERTConfig
from models.gpt import GPT, GPTConfig
from models.pretrained import bert as bert_checkpoint
from models.sampling import GREEDY
from models.t5 import T5, T5Config
from tests.parity.test_ops import assert_close
from tests.parity.twins import TOLERANCE, make_lively, padded_batch

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

GPT_CONFIG = GPTConfig(vocab_size=50, n_positions=32, d_model=24, n_layers=2, n_heads=3)
BERT_CONFIG = BERTConfig(vocab_size=50, n_positions=32, d_model=24, n_layers=2, n_heads=3)
T5_CONFIG = T5Config(vocab_size=50, d_model=24, d_ff=40, n_layers=2, n_decoder_layers=3, n_heads=3, head_size=5)
T5_1_1_CONFIG = T5Config(vocab_size=50, d_model=24, d_ff=40, n_layers=2, n_heads=3, gated_gelu=True, tied_head=False)


def batch(padding: str) -> tuple[np.ndarray, np.ndarray]:
    return padded_batch([9, 5, 7], 50, padding, seed=0)


def assert_same_weights(a, b) -> None:
    found, expected = a.state_dict(), b.state_dict()
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


# -- GPT-2 ------------------------------------------------------------------------------------------


def same_gpt2_text(ours: GPT, theirs) -> None:
    ids, mask = batch("left")
    text = ours.generate(ids, 20, GREEDY, attention_mask=mask)
    expected = theirs.generate(
        torch.tensor(ids), attention_mask=torch.tensor(mask), max_new_tokens=20, do_sample=False, pad_token_id=0
    )
    np.testing.assert_array_equal(text, expected.numpy())
    assert len(np.unique(text[:, 9:])) > 5


def test_a_gpt2_of_ours_goes_on_in_transformers_with_the_same_text(tmp_path):
    ours = GPT(GPT_CONFIG)
    make_lively(ours, seed=0)
    ours.save_pretrained(tmp_path)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path)
    assert type(theirs) is transformers.GPT2LMHeadModel
    theirs.generation_config.eos_token_id = None
    same_gpt2_text(ours, theirs)
    assert_same_weights(GPT.from_pretrained(tmp_path), ours)


def test_an_output_layer_of_its_own_goes_both_ways(tmp_path):
    ours = GPT(replace(GPT_CONFIG, tied_head=False))
    make_lively(ours, seed=0)
    ours.save_pretrained(tmp_path / "ours")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours")
    theirs.generation_config.eos_token_id = None
    same_gpt2_text(ours, theirs)
    theirs.save_pretrained(tmp_path / "theirs")
    again = GPT.from_pretrained(tmp_path / "theirs")
    assert again.config == ours.config
    assert_same_weights(again, ours)


@pytest.mark.parametrize("tied_head", [False, True])
def test_rotary_positions_go_both_ways_as_a_gpt_neox(tied_head: bool, tmp_path):
    ours = GPT(replace(GPT_CONFIG, positions="rotary", d_ff=40, tied_head=tied_head, bos_id=3, dropout=0.1))
    make_lively(ours, seed=0)
    ours.eval().save_pretrained(tmp_path / "ours")
    theirs, report = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "ours", output_loading_info=True)
    assert type(theirs) is transformers.GPTNeoXForCausalLM
    assert not any(report.values()), report
    same_gpt2_text(ours, theirs)
    theirs.save_pretrained(tmp_path / "theirs")
    again = GPT.from_pretrained(tmp_path / "theirs")
    assert again.config == ours.config
    assert_same_weights(again, ours)
    assert_same_weights(GPT.from_pretrained(tmp_path / "ours"), ours)


@pytest.mark.parametrize("max_shard_size", ["5GB", "5KB"])
@pytest.mark.parametrize("bare", [False, True])
def test_a_gpt2_of_transformers_goes_on_here_with_the_same_text(tmp_path, max_shard_size: str, bare: bool):
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=50, n_positions=32, n_embd=24, n_layer=2, n_head=3, initializer_range=0.3, eos_token_id=None
    )
    theirs = transformers.GPT2LMHeadModel(config).eval()
    (theirs.transformer if bare else theirs).save_pretrained(tmp_path, max_shard_size=max_shard_size)
    assert (tmp_path / "model.safetensors").exists() == (max_shard_size == "5GB")
    same_gpt2_text(GPT.from_pretrained(tmp_path), theirs)


def test_the_first_gpt2_files_load_too(tmp_path):
    ours = GPT(GPT_CONFIG)
    make_lively(ours, seed=0)
    ours.save_pretrained(tmp_path)
    weights = {
        name.removeprefix("transformer."): array for name, array in load_file(tmp_path / "model.safetensors").items()
    }
    weights["h.0.attn.bias"] = np.tri(32, dtype=np.float32)[None, None]  # the causal mask
    weights["h.0.attn.masked_bias"] = np.array(-1e4, np.float32)
    weights["lm_head.weight"] = weights["wte.weight"]
    save_file(weights, tmp_path / "model.safetensors")
    assert_same_weights(GPT.from_pretrained(tmp_path), ours)


# -- BERT -------------------------------------------------------------------------------------------

HEADS = {  # transformers' class -> what it has beside the encoder
    "BertForPreTraining": {"pooler": True, "masked_lm": True, "next_sentence": True},
    "BertForMaskedLM": {"pooler": False, "masked_lm": True, "next_sentence": False},
    "BertForNextSentencePrediction": {"pooler": True, "masked_lm": False, "next_sentence": True},
    "BertModel": {"pooler": True, "masked_lm": False, "next_sentence": False},
}


def same_bert(ours: BERT, theirs, parts: dict[str, bool]) -> None:
    ids, mask = batch("right")
    hidden = ours(ids, mask)
    with torch.no_grad():
        expected = theirs(torch.tensor(ids), attention_mask=torch.tensor(mask), output_hidden_states=True)
    is_token = mask == 1
    assert_close(hidden.data[is_token], expected.hidden_states[-1].numpy()[is_token], TOLERANCE)
    if parts["masked_lm"]:
        logits = expected["prediction_logits" if parts["next_sentence"] else "logits"]
        assert_close(ours.masked_lm_logits(hidden).data[is_token], logits.numpy()[is_token], TOLERANCE)
    if parts["next_sentence"]:
        logits = expected["seq_relationship_logits" if parts["masked_lm"] else "logits"]
        assert_close(ours.next_sentence_logits(hidden).data, logits.numpy(), TOLERANCE)
    elif parts["pooler"]:
        assert_close(ours.pooled(hidden).data, expected.pooler_output.numpy(), TOLERANCE)


@pytest.mark.parametrize("architecture", HEADS)
def test_a_bert_of_ours_is_the_same_in_transformers(tmp_path, architecture: str):
    parts = HEADS[architecture]
    ours = BERT(BERT_CONFIG, **parts)
    make_lively(ours, seed=0)
    ours.save_pretrained(tmp_path)
    theirs, report = getattr(transformers, architecture).from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report.values()), report
    same_bert(ours, theirs, parts)
    assert_same_weights(BERT.from_pretrained(tmp_path), ours)


@pytest.mark.parametrize("architecture", HEADS)
def test_a_bert_of_transformers_is_the_same_here(tmp_path, architecture: str):
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=50, max_position_embeddings=32, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=40, initializer_range=0.3,
    )  # fmt: skip
    theirs = getattr(transformers, architecture)(config).eval()
    theirs.save_pretrained(tmp_path)
    ours, parts = BERT.from_pretrained(tmp_path), HEADS[architecture]
    assert [ours.pooler is not None, ours.masked_lm_head is not None, ours.next_sentence_head is not None] == list(
        parts.values()
    )
    same_bert(ours, theirs, parts)


def test_the_first_bert_files_load_too(tmp_path):
    ours = BERT(BERT_CONFIG)
    make_lively(ours, seed=0)
    ours.save_pretrained(tmp_path)
    old_names = {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}
    weights = {}
    for name, array in load_file(tmp_path / "model.safetensors").items():
        for new, old in old_names.items():
            name = name.replace(new, old)
        weights[name] = array
    weights["bert.embeddings.position_ids"] = np.arange(32)[None]
    weights["cls.predictions.decoder.weight"] = weights["bert.embeddings.word_embeddings.weight"]
    save_file(weights, tmp_path / "model.safetensors")
    assert any(name.endswith("gamma") for name in weights)
    assert_same_weights(BERT.from_pretrained(tmp_path), ours)


def test_a_finetuned_classifier_loads_when_its_head_may_be_left_aside(tmp_path):
    config = transformers.BertConfig(
        vocab_size=50, max_position_embeddings=32, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=40,
    )  # fmt: skip
    theirs = transformers.BertForSequenceClassification(config).eval()
    theirs.save_pretrained(tmp_path)
    with pytest.raises(bert_checkpoint.CheckpointError, match=r"unexpected: classifier\.bias, classifier\.weight"):
        BERT.from_pretrained(tmp_path)
    with pytest.warns(UserWarning, match=r"classifier\.weight"):
        ours = BERT.from_pretrained(tmp_path, strict=False)
    same_bert(ours, theirs.bert, HEADS["BertModel"])


# -- T5 ---------------------------------------------------------------------------------------------


def same_t5_text(ours: T5, theirs) -> None:
    ids, mask = batch("right")
    text = ours.generate(ids, 20, GREEDY, attention_mask=mask)
    expected = theirs.generate(
        torch.tensor(ids),
        attention_mask=torch.tensor(mask),
        max_new_tokens=20,
        do_sample=False,
        use_cache=False,  # theirs has no room for a decoder that is deeper than its encoder
    )
    np.testing.assert_array_equal(text, expected.numpy())
    assert len(np.unique(text)) > 4


@pytest.mark.parametrize("config", [T5_CONFIG, T5_1_1_CONFIG])
def test_a_t5_of_ours_goes_on_in_transformers_with_the_same_text(tmp_path, config: T5Config):
    ours = T5(config)
    make_lively(ours, seed=0, std=0.5)
    ours.save_pretrained(tmp_path)
    theirs, report = transformers.T5ForConditionalGeneration.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report.values()), report
    same_t5_text(ours, theirs)
    assert_same_weights(T5.from_pretrained(tmp_path), ours)


def their_t5(**settings):
    torch.manual_seed(0)
    config = transformers.T5Config(
        vocab_size=50, d_model=24, d_kv=5, d_ff=40, num_layers=2, num_decoder_layers=3, num_heads=3,
        initializer_factor=3.0, decoder_start_token_id=0, **settings,
    )  # fmt: skip
    return transformers.T5ForConditionalGeneration(config).eval()


def test_a_t5_of_transformers_goes_on_here_with_the_same_text(tmp_path):
    theirs = their_t5()
    theirs.save_pretrained(tmp_path)
    same_t5_text(T5.from_pretrained(tmp_path), theirs)


@pytest.mark.parametrize("tied", [False, True])
def test_a_t5_1_1_of_transformers_goes_on_here_with_the_same_text(tmp_path, tied: bool):
    theirs = their_t5(feed_forward_proj="gated-gelu", tie_word_embeddings=False)
    if not tied:  # as in the published files; transformers ties them in new models
        theirs.lm_head.weight = torch.nn.Parameter(torch.randn(50, 24))
    theirs.save_pretrained(tmp_path)
    ours = T5.from_pretrained(tmp_path)
    assert ours.head is not None
    same_t5_text(ours, theirs)
    config = json.loads((tmp_path / "config.json").read_text())
    config.pop("scale_decoder_outputs")  # as older versions of transformers wrote it
    (tmp_path / "config.json").write_text(json.dumps(config | {"tie_word_embeddings": False}))
    assert_same_weights(T5.from_pretrained(tmp_path), ours)


def test_the_first_t5_files_load_too(tmp_path):
    ours = T5(T5_CONFIG)
    make_lively(ours, seed=0)
    ours.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    for copy in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"):
        weights[copy] = weights["shared.weight"]
    unused = "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"
    weights[unused] = np.ones((32, 3), np.float32)
    save_file(weights, tmp_path / "model.safetensors")
    assert_same_weights(T5.from_pretrained(tmp_path), ours)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_weights_of_half_precision_load_as_float32(tmp_path, dtype: str):
    theirs = their_t5().to(getattr(torch, dtype))
    theirs.save_pretrained(tmp_path)
    found = T5.from_pretrained(tmp_path).state_dict()["token_embedding.weight"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, theirs.shared.weight.detach().float().numpy())
