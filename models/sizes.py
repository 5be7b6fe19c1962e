"""The published models by name: their configurations, and a way to build any of them without memory for its weights.

    gpt3 = build(SIZES["gpt3-175b"])
    gpt3.num_parameters()  # 174,604,259,328

Dropout is not a size and stays at 0. In two rows of GPT-3's table, the number of heads times
their size is not the width. The values here are adjusted, and a comment quotes the table. The number of parameters is
the table's either way.
"""

from minigrad import nn
from models.bert import BERT, BERTConfig
from models.gpt import GPT, GPTConfig
from models.t5 import T5, T5Config

Config = BERTConfig | GPTConfig | T5Config

# Devlin et al. 2018, section 3, and the released configurations (uncased).
BERT_SIZES = {
    "bert-base": BERTConfig(30_522, 512, d_model=768, n_layers=12, n_heads=12),
    "bert-large": BERTConfig(30_522, 512, d_model=1024, n_layers=24, n_heads=16),
}

# Radford et al. 2018, section 4.1. The vocabulary: 40,000 merges and 478 characters, as released. The first GPT has its
# norms after each half of a block, as BERT does. Here they come before it and need one more at the end, of 2 · 768
# weights.
# Radford et al. 2019, table 2 (GPT-2).
GPT_SIZES = {
    "gpt": GPTConfig(40_478, 512, d_model=768, n_layers=12, n_heads=12),
    "gpt2": GPTConfig(50_257, 1024, d_model=768, n_layers=12, n_heads=12),
    "gpt2-medium": GPTConfig(50_257, 1024, d_model=1024, n_layers=24, n_heads=16),
    "gpt2-large": GPTConfig(50_257, 1024, d_model=1280, n_layers=36, n_heads=20),
    "gpt2-xl": GPTConfig(50_257, 1024, d_model=1600, n_layers=48, n_heads=25),
}

# Brown et al. 2020, table 2.1, with GPT-2's vocabulary.
GPT3_SIZES = {
    "gpt3-125m": GPTConfig(50_257, 2048, d_model=768, n_layers=12, n_heads=12),
    "gpt3-350m": GPTConfig(50_257, 2048, d_model=1024, n_layers=24, n_heads=16),
    "gpt3-760m": GPTConfig(50_257, 2048, d_model=1536, n_layers=24, n_heads=16),
    "gpt3-1.3b": GPTConfig(50_257, 2048, d_model=2048, n_layers=24, n_heads=16),  # the table: 24 heads of 128
    "gpt3-2.7b": GPTConfig(50_257, 2048, d_model=2560, n_layers=32, n_heads=32),
    "gpt3-6.7b": GPTConfig(50_257, 2048, d_model=4096, n_layers=32, n_heads=32),
    "gpt3-13b": GPTConfig(50_257, 2048, d_model=5120, n_layers=40, n_heads=40),  # the table: a width of 5,140
    "gpt3-175b": GPTConfig(50_257, 2048, d_model=12_288, n_layers=96, n_heads=96),
}

# Raffel et al. 2020, section 3.7. The vocabulary of 32,000 pieces and 100 sentinels, rounded up to a multiple of 128.
T5_SIZES = {
    "t5-small": T5Config(32_128, d_model=512, d_ff=2048, n_layers=6, n_heads=8, head_size=64),
    "t5-base": T5Config(32_128, d_model=768, d_ff=3072, n_layers=12, n_heads=12, head_size=64),
    "t5-large": T5Config(32_128, d_model=1024, d_ff=4096, n_layers=24, n_heads=16, head_size=64),
    "t5-3b": T5Config(32_128, d_model=1024, d_ff=16_384, n_layers=24, n_heads=32, head_size=128),
    "t5-11b": T5Config(32_128, d_model=1024, d_ff=65_536, n_layers=24, n_heads=128, head_size=128),
}

# The configurations t5.1.1.* of the T5 repository: a separate output layer, and a gated feed-forward layer, whose width
# is about 2/3 of version 1.0's because it has three matrices instead of two.
T5_V1_1_SIZES = {
    name: T5Config(32_128, d_model, d_ff, n_layers, n_heads=n_heads, head_size=64, gated_gelu=True, tied_head=False)
    for name, d_model, d_ff, n_layers, n_heads in (
        ("t5.1.1-small", 512, 1024, 8, 6),
        ("t5.1.1-base", 768, 2048, 12, 12),
        ("t5.1.1-large", 1024, 2816, 24, 16),
        ("t5.1.1-xl", 2048, 5120, 24, 32),
        ("t5.1.1-xxl", 4096, 10_240, 24, 64),
    )
}

SIZES: dict[str, Config] = {**BERT_SIZES, **GPT_SIZES, **GPT3_SIZES, **T5_SIZES, **T5_V1_1_SIZES}


def build(config: Config) -> BERT | GPT | T5:
    """Build the model of a configuration, BERT with all its heads. Its parameters have shapes but no memory.

    Load weights or assign arrays before using the model (`minigrad/nn/initial.py`).
    """
    # GPT-3 in float32 would fill 698 GB; its shapes are enough to count parameters and FLOPs.
    with nn.unallocated():
        if isinstance(config, BERTConfig):
            return BERT(config)
        if isinstance(config, GPTConfig):
            return GPT(config)
        return T5(config)
