"""SentencePiece, trained on the captions; case is folded away, so that "Two Red Boats" are two red boats."""

import io
import os
import random

import sentencepiece
import torch

from world.captions import caption

PAD, START, END = "<pad>", "<s>", "</s>"
TOKENIZED = 60000           # captions that it is trained on


def train_tokenizer(captions, vocabulary, path):
    """Case, accents' forms and white space are folded away."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(captions), model_writer=model, vocab_size=vocabulary, model_type="bpe",
        normalization_rule_name="nmt_nfkc_cf", hard_vocab_limit=False,
        pad_id=0, unk_id=1, bos_id=2, eos_id=3, pad_piece=PAD, bos_piece=START, eos_piece=END,
        minloglevel=2, num_threads=1)
    with open(f"{path}.{os.getpid()}", "wb") as file:     # another stage may train the same one meanwhile
        file.write(model.getvalue())
    os.replace(file.name, path)


class Tokenizer:
    """A prompt as start, pieces, end, and the pad to a fixed length; what is longer is cut."""

    def __init__(self, folder, length):
        self.pieces = sentencepiece.SentencePieceProcessor(model_file=os.path.join(folder, "tokenizer.model"))
        self.length = length
        self.pad, self.start, self.end = self.pieces.pad_id(), self.pieces.bos_id(), self.pieces.eos_id()

    def __call__(self, prompts):
        rows = []
        for prompt in prompts:
            ids = [self.start] + self.pieces.encode(prompt)[:self.length - 2] + [self.end]
            rows.append(ids + [self.pad] * (self.length - len(ids)))
        return torch.tensor(rows)


def train_words(settings, folder, world, colours):
    """The tokenizer of the run folder, made where there is none."""
    path = os.path.join(folder, "tokenizer.model")
    if not os.path.exists(path):
        rng = random.Random(4)
        count = TOKENIZED if settings.vocabulary > 1000 else TOKENIZED // 30
        train_tokenizer([caption(world.sample(rng), rng, own_colours=colours) for _ in range(count)], settings.vocabulary, path)
    return Tokenizer(folder, settings.text_length)
