"""Both of BERT's tasks on documents beside transformers' BertForPreTraining: the same loss and the same gradients."""

import pytest

from experiments.lab.recipes import MaskedLMWithNextSentence
from experiments.lab.worlds import Reading
from experiments.text.toy_world.vocabulary import tokenizer
from minigrad import IGNORE
from models.bert import BERT, BERTConfig
from models.objectives.next_sentence import IS_NEXT, IS_RANDOM
from models.pretrained import bert as checkpoint
from tests.parity.test_ops import assert_close
from tests.parity.twins import TOLERANCE, gradients, in_their_layout, make_lively

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


def test_the_loss_of_both_tasks_and_its_gradients_are_the_same(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path / "cache"))
    objective = MaskedLMWithNextSentence(0.25, too_easy=(".", "the"))(Reading(5_000, batch_tokens=300), 100)
    ours = BERT(BERTConfig(tokenizer().vocab_size, 64, d_model=12, n_layers=2, n_heads=2))
    make_lively(ours, seed=0)
    ours.save_pretrained(tmp_path / "bert")
    theirs, report = transformers.BertForPreTraining.from_pretrained(tmp_path / "bert", output_loading_info=True)
    assert not any(report.values()), report
    kinds = set()
    for step in range(4):
        inputs, attention_mask, token_type_ids, next_labels, labels = batch = objective.batch(step)
        kinds |= set(next_labels.tolist())
        loss = objective.loss(ours, *batch)
        ours.zero_grad()
        loss.backward()
        theirs.zero_grad()
        expected = theirs.eval()(
            torch.tensor(inputs),
            attention_mask=torch.tensor(attention_mask),
            token_type_ids=torch.tensor(token_type_ids),
            labels=torch.tensor(labels),
            next_sentence_label=torch.tensor(next_labels),
        ).loss
        expected.backward()
        assert_close(loss.data, expected.detach().numpy(), TOLERANCE)
        found = in_their_layout(gradients(ours), checkpoint.entries(ours))
        for name, parameter in theirs.named_parameters():
            assert_close(found[name], parameter.grad.numpy(), TOLERANCE)
    assert kinds == {IS_NEXT, IS_RANDOM, IGNORE}
