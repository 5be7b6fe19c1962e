"""The lecture's sixteen tables and figures, in its order. A table that is not listed here is not found."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from experiments.evidence.errors import ExperimentError
from experiments.running.contract import OwnFiles, Request, did_you_mean, takes_own_files


@dataclass(frozen=True)
class Entry:
    """A table of the lecture.

    Attributes:
        name: the name of its module, and on the command line.
        shows: the lecture's point, in a few words.
        package: the package of its module.
    """

    name: str
    shows: str
    package: str = __package__ or ""

    @property
    def module(self) -> str:
        """The full name of its module."""
        return f"{self.package}.{self.name}"


CATALOGUE = (
    Entry("subword_table", "subwords lose no word; whole words lose every unseen one"),
    Entry("data_table", "text without labels is plentiful, and a mixture of domains is best"),
    Entry("word_in_context", "a word's vector depends on its context"),
    Entry("fill_in_the_blank", "what reconstructing the input teaches"),
    Entry("pretrain_finetune", "a pretrained start beats a random one"),
    Entry("model_sizes", "how large the published models are"),
    Entry("glue_table", "BERT on GLUE"),
    Entry("bert_ablations", "masking, next-sentence prediction, spans"),
    Entry("roberta_table", "more data and more steps for BERT"),
    Entry("t5_table", "architectures and objectives of T5"),
    Entry("closed_book_qa", "questions answered from parameters"),
    Entry("gpt_nli_table", "GPT on natural language inference"),
    Entry("generation", "what decoders write"),
    Entry("in_context_learning", "tasks learnt from examples in the prompt"),
    Entry("scaling_laws", "loss against parameters, data and compute"),
    Entry("chinchilla", "the best size for a compute budget"),
)


def built() -> list[Entry]:
    """The tables that can be run."""
    return [entry for entry in CATALOGUE if find_spec(entry.module)]


def requests(
    names: Sequence[str],
    preset: str = "quick",
    seeds: int | None = None,
    device: str = "cpu",
    fresh: bool = False,
    files: OwnFiles | None = None,
) -> list[Request]:
    """The requests for these names. No name, or "all" among them, means all tables that can be run.

    Raises:
        ExperimentError: on an unknown name; with the user's own files, unless one table is named that takes them.
    """
    known = {entry.name: entry for entry in built()}
    if unknown := [name for name in names if name not in (*known, "all")]:
        meant = did_you_mean(unknown[0], known)
        raise ExperimentError(f"no table is named {unknown[0]!r}{meant}; there are: {', '.join(known)}")
    chosen = list(known) if not names or "all" in names else list(dict.fromkeys(names))
    if files is not None:
        can = [entry.name for entry in known.values() if takes_own_files(entry.module)]
        if len(names) == 0 or "all" in names or len(chosen) != 1 or chosen[0] not in can:
            got = ", ".join(names) or "none"
            raise ExperimentError(
                f"--corpus and --data need the name of one table whose systems are run on them ({', '.join(can)}), "
                f"got {got}"
            )
    return [Request(known[name].module, preset, seeds, device, fresh, files) for name in chosen]
