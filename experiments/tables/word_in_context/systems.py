"""What is compared: the settings, how each system reads a sentence, and what is measured in each of its layers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from experiments.lab import logistic_regression, zoo
from experiments.lab.metrics import accuracy
from experiments.lab.probes import evaluating
from experiments.lab.silhouette import silhouette
from experiments.lab.sweep import positive_choices
from experiments.lab.zoo import Pretrained, Zoo
from experiments.running.work import Checkpoint
from experiments.text.toy_world.parts import PARTS
from experiments.text.toy_world.tasks.senses import SENSES, Sense, senses
from experiments.text.toy_world.vocabulary import CLS, EOS, SEP, START, tokenizer
from minigrad import Tensor
from minigrad.checks import whole_number
from models.bert import BERT
from models.elmo import BiLSTMLanguageModel
from models.gpt import GPT
from models.inputs import pad_batch
from models.word_vectors import SkipGram

VECTORS = "skip-gram vectors"
RANDOM_ENCODER, RANDOM_LARGE_ENCODER = "encoder (BERT), small, untrained", "encoder (BERT), large, untrained"
ELMO = "ELMo's two LSTMs"
DECODER = "decoder (GPT), small: reads from the left"
ENCODER, LARGE_ENCODER = "encoder (BERT), small", "encoder (BERT), large"
UNTRAINED = (RANDOM_ENCODER, RANDOM_LARGE_ENCODER)
"""The systems with random weights."""


@dataclass(frozen=True)
class Settings:
    """What a preset decides.

    Attributes:
        n_sentences: of each part (training, dev, test); half of them with the noun.
        strengths: of the probe's L2 penalty; dev decides, for each layer.
    """

    seeds: int
    n_sentences: int
    zoo: Zoo
    strengths: tuple[float, ...] = (1.0, 0.1, 0.01, 0.001)
    n_threads: int = 1

    def __post_init__(self) -> None:
        for name in ("seeds", "n_threads"):
            whole_number(name, getattr(self, name), at_least=1)
        if whole_number("n_sentences", self.n_sentences, at_least=2) % 2:
            raise ValueError(f"n_sentences must be even, a noun for each verb, got {self.n_sentences}")
        positive_choices("strengths", self.strengths, "number")


# -- reading ----------------------------------------------------------------------------------------


def from_the_table(model: SkipGram, sentences: Sequence[Sense]) -> list[np.ndarray]:
    """The homograph's vector, whatever the sentence: one layer."""
    ids = np.array([tokenizer().ids[sentence.homograph] for sentence in sentences])
    return [model.centre.weight.numpy()[ids]]


def from_the_encoder(model: BERT, sentences: Sequence[Sense]) -> list[np.ndarray]:
    """The states of `[CLS] sentence [SEP]` at the homograph."""
    ids, attention_mask, places = encode(sentences, CLS, SEP)
    return at(places, model.layers(ids, attention_mask))


def from_the_decoder(model: GPT, sentences: Sequence[Sense]) -> list[np.ndarray]:
    """The states of `[START] sentence` at the homograph. What comes after it is not seen."""
    ids, attention_mask, places = encode(sentences, START)
    return at(places, model.layers(ids, attention_mask))


def from_both_directions(model: BiLSTMLanguageModel, sentences: Sequence[Sense]) -> list[np.ndarray]:
    """The states of `[START] sentence </s>` at the homograph, of the forward and the backward model together."""
    ids, attention_mask, places = encode(sentences, START, EOS)
    return at(places, model.layers(ids, attention_mask))


def encode(sentences: Sequence[Sense], before: str, after: str = "") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sentences between special tokens → ids (N, T), attention_mask (N, T), the places of the homographs (N,)."""
    words = tokenizer()
    rows = [words.encode(f"{before} {sentence.text} {after}") for sentence in sentences]
    places = [len(words.encode(f"{before} {sentence.text[: sentence.start]}")) for sentence in sentences]
    ids, attention_mask = pad_batch(rows)
    return ids, attention_mask, np.array(places)


def at(places: np.ndarray, layers: Sequence[Tensor]) -> list[np.ndarray]:
    """Each layer (N, T, D) at one place of each row, (N, D)."""
    return [layer.numpy()[np.arange(len(places)), places] for layer in layers]


@dataclass(frozen=True)
class System:
    """A member of the zoo, by the name of its field, and how it reads."""

    member: str
    read: Callable[[Any, Sequence[Sense]], list[np.ndarray]]

    def recipe(self, settings: Settings) -> Pretrained:
        """How it was pretrained."""
        return cast(Pretrained, getattr(settings.zoo, self.member))


SYSTEMS = {
    VECTORS: System("vectors", from_the_table),
    RANDOM_ENCODER: System("bert", from_the_encoder),
    RANDOM_LARGE_ENCODER: System("bert_large", from_the_encoder),
    ELMO: System("elmo", from_both_directions),
    DECODER: System("gpt", from_the_decoder),
    ENCODER: System("bert", from_the_encoder),
    LARGE_ENCODER: System("bert_large", from_the_encoder),
}

# -- measuring --------------------------------------------------------------------------------------


def measure(system: str, start: Checkpoint | None, settings: Settings, seed: int) -> dict[str, Any]:
    """What a probe and the silhouette find in each layer, on test homographs. `start` is None for random weights."""
    model = load(system, start, settings, seed)
    parts = {part: senses(seed, part, settings.n_sentences) for part in PARTS}
    with evaluating(model):
        read = {part: SYSTEMS[system].read(model, sentences) for part, sentences in parts.items()}
    depths = range(len(read["test"]))
    layers = [probe({part: read[part][depth] for part in PARTS}, parts, settings.strengths) for depth in depths]
    dev = [layer["dev_accuracy"] for layer in layers]
    return {"layers": layers, "chosen": int(np.argmax(dev))}  # the first of the best on dev


def load(system: str, start: Checkpoint | None, settings: Settings, seed: int) -> Any:
    """The model: that of the checkpoint, or one with random weights."""
    recipe = SYSTEMS[system].recipe(settings)
    return recipe.untrained(seed) if start is None else zoo.load(recipe, start, seed)


def probe(vectors: dict[str, np.ndarray], parts: dict[str, list[Sense]], strengths: Sequence[float]) -> dict[str, Any]:
    """One layer: part → vectors (N, D) and sentences. Dev chooses the penalty's strength."""
    gold = {part: np.array([SENSES.index(found.sense) for found in sentences]) for part, sentences in parts.items()}
    probes = [logistic_regression.fit(vectors["train"], gold["train"], strength) for strength in strengths]
    dev = [accuracy(each.predict(vectors["dev"]), gold["dev"]) for each in probes]
    best = int(np.argmax(dev))  # the strongest of the best
    predicted = probes[best].predict(vectors["test"])
    names = np.array([found.homograph for found in parts["test"]])
    groups = {str(name): names == name for name in np.unique(names)}
    return {
        "accuracy": accuracy(predicted, gold["test"]),
        "dev_accuracy": dev[best],
        "strength": strengths[best],
        "by_homograph": {name: accuracy(predicted[own], gold["test"][own]) for name, own in groups.items()},
        "silhouette": float(np.mean([silhouette(vectors["test"][own], gold["test"][own]) for own in groups.values()])),
    }


# -- the picture ------------------------------------------------------------------------------------


def picture(start: Checkpoint, settings: Settings, seed: int) -> dict[str, Any]:
    """The first test homograph's vectors in every layer of the small encoder, in two dimensions."""
    sentences = senses(seed, "test", settings.n_sentences)
    shown = [sentence for sentence in sentences if sentence.homograph == sentences[0].homograph]
    model = load(ENCODER, start, settings, seed)
    with evaluating(model):
        layers = from_the_encoder(model, shown)
    points = [np.round(in_two_dimensions(vectors), 4).tolist() for vectors in layers]
    return {"homograph": shown[0].homograph, "senses": [each.sense for each in shown], "points": points}


def in_two_dimensions(vectors: np.ndarray) -> np.ndarray:
    """The first two principal components: (N, D) → (N, 2). Each points to where its largest weight is positive."""
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    directions = np.linalg.svd(centred, full_matrices=False)[2][:2]  # (2, D)
    largest = directions[np.arange(2), np.abs(directions).argmax(axis=1)]  # (2,)
    return np.asarray(centred @ (directions * np.sign(largest)[:, None]).T)


def configs(settings: Settings) -> dict[str, Any]:
    """The recipes by system."""
    return {system: zoo.described(of_system.recipe(settings)) for system, of_system in SYSTEMS.items()}
