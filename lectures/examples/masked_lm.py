"""A tiny BERT learns four sentences by masked language modelling, and fills a gap in one of them."""

import numpy as np

from minigrad import ops, optim
from models.bert import BERT, BERTConfig
from models.objectives.masked_lm import masked_lm
from tokenizer import WordPiece
from tokenizer.padding import pad

sentences = [
    "the cat sleeps on the warm sofa",
    "the dog barks at the old postman",
    "a bird sings in the tall tree",
    "the cat drinks milk in the kitchen",
]
wordpiece = WordPiece.train(sentences, vocab_size=160)
rows, mask = map(np.array, pad([wordpiece.encode(text, add_special_tokens=True) for text in sentences], pad_id=0))
special = [wordpiece.ids[token] for token in wordpiece.special_tokens]
mask_id = wordpiece.ids["[MASK]"]

generator = np.random.default_rng(0)
model = BERT(BERTConfig(wordpiece.vocab_size, n_positions=16, d_model=32, n_layers=2, n_heads=2), generator)
optimizer = optim.AdamW(model.parameters(), lr=3e-3)

for step in range(301):
    inputs, labels = masked_lm(
        rows, generator, mask_id=mask_id, vocab_size=wordpiece.vocab_size, attention_mask=mask, special_ids=special
    )
    logits = model.masked_lm_logits(model(inputs, mask))  # (B, T, D) → (B, T, V)
    loss = ops.cross_entropy(logits, labels)  # nats per chosen token; the others have no label
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    if step % 100 == 0:
        print(f"step {step:3}: loss {loss.item():.2f}, {(labels >= 0).sum()} of {mask.sum()} tokens are predicted")

ids = np.array([wordpiece.encode("the cat [MASK] milk in the kitchen", add_special_tokens=True)])
gap = int(np.flatnonzero(ids[0] == mask_id)[0])
scores = model.masked_lm_logits(model(ids)).data[0, gap]  # (V,)
print("the cat [MASK] milk in the kitchen:", wordpiece.vocab[int(scores.argmax())])
