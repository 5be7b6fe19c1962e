"""Systems that solve downstream tasks: a pretrained model, and what each family adds to it for a task.

    Decoder       [START] first [DELIM] second [EXTRACT]    finetuned, with a linear layer on the last state
    Encoder       [CLS] first [SEP] second [SEP]            finetuned, with a linear layer on [CLS]
    OnElmo        each text on its own                      a BiLSTM with attention on ELMo's vectors
    OnVectors     each text on its own                      the same BiLSTM on word vectors: without pretrained context

Finetuning keeps the pretrained embeddings of words. Words that no labelled example has would otherwise be left behind,
while the embeddings of the others move; with them fixed, what is learnt about one word holds for its neighbours too.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from experiments.lab import examples, zoo
from experiments.lab.finetuning import Finetuning
from experiments.lab.metrics import accuracy, f1, matthews, pearson, spearman
from experiments.lab.recipes import Recipe, WordVectorRecipe
from experiments.lab.ways import Metric, Way
from experiments.running.work import Checkpoint
from experiments.text.toy_world.tasks.example import Example, Task
from minigrad import nn
from models.attention_classifier import ElmoClassifier, ElmoPairClassifier, WordVectors
from models.elmo import ELMo
from models.finetuning import CLSClassifier, CLSRegressor, LastTokenClassifier

METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "f1": f1,
    "matthews": matthews,
    "pearson": pearson,
    "spearman": spearman,
}
EMBEDDING = "model.token_embedding"

Examples = list[Example]


class System(Protocol):
    """What tables ask of a system. It is a frozen dataclass: its fields, by value, decide which checkpoint it is."""

    @property
    def recipe(self) -> zoo.Pretrained:
        """How the model was pretrained."""

    @property
    def output(self) -> str:
        """The name of the layer that depends on the number of labels."""

    def solver(self, task: Task, start: Checkpoint | None, seed: int) -> nn.Module:
        """The model with new layers for a task. Without a start the pretrained part is random."""

    def encode(self, task: Task, some: Examples) -> Way:
        """Examples of the task as the model reads them, with the task's main metric."""

    def keeping_words(self, settings: Finetuning) -> Finetuning:
        """The settings with the pretrained embeddings of words frozen."""


@dataclass(frozen=True)
class Decoder:
    """A finetuned language model: a GPT."""

    recipe: Recipe
    output: str = "head"

    def solver(self, task: Task, start: Checkpoint | None, seed: int) -> LastTokenClassifier:
        model = pretrained_model(self.recipe, start, seed)
        return LastTokenClassifier(model, model.config.d_model, n_outputs(task), of_new_layers(seed))

    def encode(self, task: Task, some: Examples) -> Way:
        if task.labels:
            return examples.for_decoder(some, main_metric(task))
        return examples.scores_for_decoder(some, examples.standardized(task.train, some), main_metric(task))

    def keeping_words(self, settings: Finetuning) -> Finetuning:
        """[START], [DELIM] and [EXTRACT] are new to the model, or used in a new way: they learn."""
        return replace(settings, trainable_rows={f"{EMBEDDING}.weight": examples.FORMAT_IDS})


@dataclass(frozen=True)
class Encoder:
    """A finetuned BERT."""

    recipe: Recipe
    output: str = "head"

    def solver(self, task: Task, start: Checkpoint | None, seed: int) -> CLSClassifier:
        model = pretrained_model(self.recipe, start, seed)
        width = model.config.d_model
        if task.labels:
            return CLSClassifier(model, width, n_outputs(task), of_new_layers(seed))
        return CLSRegressor(model, width, of_new_layers(seed))

    def encode(self, task: Task, some: Examples) -> Way:
        if task.labels:
            return examples.for_encoder(some, main_metric(task))
        return examples.scores_for_encoder(some, examples.standardized(task.train, some), main_metric(task))

    def keeping_words(self, settings: Finetuning) -> Finetuning:
        return replace(settings, frozen=(EMBEDDING,))


@dataclass(frozen=True)
class OnElmo:
    """A BiLSTM with attention between the texts, on ELMo's vectors. The language model below is never trained."""

    recipe: Recipe
    hidden_size: int
    output: str = "mlp.out"

    def solver(self, task: Task, start: Checkpoint | None, seed: int) -> nn.Module:
        elmo = ELMo(pretrained_model(self.recipe, start, seed), frozen=start is not None)
        return _classifier(elmo, self.hidden_size, task, seed)

    def encode(self, task: Task, some: Examples) -> Way:
        return _texts(task, some)

    def keeping_words(self, settings: Finetuning) -> Finetuning:
        """The whole language model is frozen already."""
        return settings


@dataclass(frozen=True)
class OnVectors:
    """The same BiLSTM on pretrained word vectors, which are not trained either: no pretrained context."""

    recipe: WordVectorRecipe
    hidden_size: int
    output: str = "mlp.out"

    def solver(self, task: Task, start: Checkpoint | None, seed: int) -> nn.Module:
        vectors = WordVectors(pretrained_model(self.recipe, start, seed).centre, frozen=start is not None)
        return _classifier(vectors, self.hidden_size, task, seed)

    def encode(self, task: Task, some: Examples) -> Way:
        return _texts(task, some)

    def keeping_words(self, settings: Finetuning) -> Finetuning:
        """The vectors are frozen already."""
        return settings


def pretrained_model(recipe: zoo.Pretrained, start: Checkpoint | None, seed: int) -> Any:
    """The model of a checkpoint, or a random one."""
    return recipe.untrained(seed) if start is None else zoo.load(recipe, start, seed)


def n_outputs(task: Task) -> int:
    """A logit for each label, or one score."""
    return len(task.labels) or 1


def main_metric(task: Task) -> Metric:
    """The first of the task's metrics."""
    return METRICS[task.metrics[0]]


def of_new_layers(seed: int) -> np.random.Generator:
    """From which the layers are drawn that a task adds."""
    return np.random.default_rng([seed, 4])


def _classifier(vectors: ELMo | WordVectors, hidden_size: int, task: Task, seed: int) -> nn.Module:
    """A BiLSTM on a text's vectors; on two texts', with attention between them."""
    one_text = task.train[0].second is None
    build: Callable[..., nn.Module] = ElmoClassifier if one_text else ElmoPairClassifier
    return build(vectors, hidden_size, n_outputs(task), of_new_layers(seed))


def _texts(task: Task, some: Examples) -> Way:
    if task.labels:
        return examples.for_elmo(some, main_metric(task))
    return examples.scores_for_elmo(some, examples.standardized(task.train, some), main_metric(task))
