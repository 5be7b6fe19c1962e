"""Small public corpora, each with its address, size and SHA-256, and their download.

    fetch("sst2", "data")      # data/SST-2.zip, which holds SST-2/train.tsv, SST-2/dev.tsv and SST-2/test.tsv

A download that was interrupted is resumed by the next call. A file gets its own name only if its contents have the
checksum below. The checksums are those that the Hugging Face datasets library, TensorFlow Datasets, ParlAI or several
other projects published for these files; a file that has changed since is refused.
"""

import os
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from models import partial_download

SEE_AUTHORS = "see its authors"
"""For texts from several sources, or under terms of their own."""


@dataclass(frozen=True)
class Corpus:
    """A file to fetch.

    Attributes:
        size: in bytes.
        sha256: of the file, in hexadecimal.
        about: what it is, and how it is read here.
        licence: as its authors state it.
    """

    address: str
    size: int
    sha256: str
    about: str
    licence: str = SEE_AUTHORS

    @property
    def file(self) -> str:
        """The name of the file: the last part of the address."""
        return self.address.rsplit("/", 1)[-1]


GLUE = "https://dl.fbaipublicfiles.com/glue/data"
SENTEVAL = "https://dl.fbaipublicfiles.com/senteval/senteval_data"
SQUAD = "https://rajpurkar.github.io/SQuAD-explorer/dataset"

CORPORA = {
    "tiny_shakespeare": Corpus(
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        1_115_394,
        "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
        "40,000 lines of Shakespeare's plays (own_text)",
        "public domain",
    ),
    "wikitext2": Corpus(
        "https://wikitext.smerity.com/wikitext-2-raw-v1.zip",
        4_721_645,
        "ef7edb566e3e2b2d31b29c1fdb0c89a4cc683597484c3dc2517919c615435a11",
        "WikiText-2, raw: good articles of Wikipedia (own_text, a file at a time)",
        "CC BY-SA",
    ),
    "sst2": Corpus(
        f"{GLUE}/SST-2.zip",
        7_439_277,
        "d67e16fb55739c1b32cdce9877596db1c127dc322d93c082281f64057c16deaa",
        "GLUE: sentiment of film reviews (readers.sst2)",
    ),
    "cola": Corpus(
        f"{GLUE}/CoLA.zip",
        376_971,
        "f212fcd832b8f7b435fb991f101abf89f96b933ab400603bf198960dfc32cbff",
        "GLUE: acceptability of sentences (readers.cola)",
    ),
    "mnli": Corpus(
        f"{GLUE}/MNLI.zip",
        312_783_507,
        "e7c1d896d26ed6caf700110645df426cc2d8ebf02a5ab743d5a5c68ac1c83633",
        "GLUE: entailment, in ten genres (readers.mnli)",
    ),
    "qnli": Corpus(
        f"{GLUE}/QNLIv2.zip",
        10_627_589,
        "e634e78627a29adaecd4f955359b22bf5e70f2cbd93b493f2d624138a0c0e5f5",
        "GLUE: does a sentence answer a question (readers.qnli)",
    ),
    "qqp": Corpus(
        f"{GLUE}/QQP-clean.zip",
        41_696_084,
        "40e7c862c04eb26ee04b67fd900e76c45c6ba8e6d8fab4f8f1f8072a1a3fbae0",
        "GLUE: questions on Quora that ask the same (readers.qqp)",
    ),
    "mrpc_train": Corpus(
        f"{SENTEVAL}/msr_paraphrase_train.txt",
        1_047_044,
        "60a9b09084528f0673eedee2b69cb941920f0b8cd0eeccefc464a98768457f89",
        "MRPC: paraphrases in the news, training and dev set (readers.mrpc)",
    ),
    "mrpc_test": Corpus(
        f"{SENTEVAL}/msr_paraphrase_test.txt",
        441_275,
        "a04e271090879aaba6423d65b94950c089298587d9c084bf9cd7439bd785f784",
        "MRPC: its test set (readers.mrpc)",
    ),
    "mrpc_dev_ids": Corpus(
        f"{GLUE}/mrpc_dev_ids.tsv",
        6_222,
        "971d7767d81b997fd9060ade0ec23c4fc31cbb226a55d1bd4a1bac474eb81dc7",
        "MRPC: which training pairs are GLUE's dev set (readers.mrpc)",
    ),
    "rte": Corpus(
        f"{GLUE}/RTE.zip",
        697_150,
        "6bf86de103ecd335f3441bd43574d23fef87ecc695977a63b82d5efb206556ee",
        "GLUE: entailment, a small set (readers.rte)",
    ),
    "stsb": Corpus(
        f"{GLUE}/STS-B.zip",
        802_872,
        "e60a6393de5a8b5b9bac5020a1554b54e3691f9d600b775bd131e613ac179c85",
        "GLUE: similarity of sentences (readers.stsb)",
    ),
    "snli": Corpus(
        "https://nlp.stanford.edu/projects/snli/snli_1.0.zip",
        94_550_081,
        "afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e",
        "SNLI: entailment between captions (readers.snli)",
        "CC BY-SA 4.0",
    ),
    "squad1_train": Corpus(
        f"{SQUAD}/train-v1.1.json",
        30_288_272,
        "3527663986b8295af4f7fcdff1ba1ff3f72d07d61a20f487cb238a6ef92fd955",
        "SQuAD v1.1: questions on Wikipedia, training set (readers.squad)",
        "CC BY-SA 4.0",
    ),
    "squad1_dev": Corpus(
        f"{SQUAD}/dev-v1.1.json",
        4_854_279,
        "95aa6a52d5d6a735563366753ca50492a658031da74f301ac5238b03966972c9",
        "SQuAD v1.1: dev set (readers.squad)",
        "CC BY-SA 4.0",
    ),
    "squad2_train": Corpus(
        f"{SQUAD}/train-v2.0.json",
        42_123_633,
        "68dcfbb971bd3e96d5b46c7177b16c1a4e7d4bdef19fb204502738552dede002",
        "SQuAD v2.0: with unanswerable questions, training set (readers.squad)",
        "CC BY-SA 4.0",
    ),
    "squad2_dev": Corpus(
        f"{SQUAD}/dev-v2.0.json",
        4_370_528,
        "80a5225e94905956a6446d296ca1093975c4d3b3260f1d6c8f68bc2ab77182d8",
        "SQuAD v2.0: dev set (readers.squad)",
        "CC BY-SA 4.0",
    ),
}
"""The corpora by name."""


def fetch(name: str, folder: str | os.PathLike[str]) -> Path:
    """Fetch a corpus into a folder, and return its file. Do nothing if the complete file is there.

    Args:
        name: one of CORPORA.

    Raises:
        ValueError: if no corpus has this name.
        DownloadError: if it could not be fetched completely, its checksum is wrong, or the disk has too little space.
        OSError: if the folder cannot be written to.
    """
    if name not in CORPORA:
        close = get_close_matches(name, CORPORA, n=1)
        meant = f" (did you mean {close[0]!r}?)" if close else ""
        raise ValueError(f"no corpus is named {name!r}{meant}; there are: {', '.join(CORPORA)}")
    corpus, folder = CORPORA[name], Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    partial_download.fetch(corpus.address, folder / corpus.file, corpus.sha256, corpus.size)
    return folder / corpus.file


def describe() -> str:
    """A line for each corpus: its name, megabytes, licence and what it is."""
    return "\n".join(
        f"{name:<17} {corpus.size / 1e6:>7.1f} MB  {corpus.licence:<15}  {corpus.about}"
        for name, corpus in CORPORA.items()
    )
