"""SentencePiece, trained on the captions; case is folded away, so that "Two Red Boats" are two red boats."""

import io
import os

import sentencepiece
import torch

PAD, START, END = "<pad>", "<s>", "</s>"


def train_tokenizer(captions, vocabulary, path):
    """Case, accents' forms and white space are folded away."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(captions), model_writer=model, vocab_size=vocabulary, model_type="bpe",
        normalization_rule_name="nmt_nfkc_cf", hard_vocab_limit=False,
        pad_id=0, unk_id=1, bos_id=2, eos_id=3, pad_piece=PAD, bos_piece=START, eos_piece=END,
        minloglevel=2, num_threads=1)
    with open(path, "wb") as file:
        file.write(model.getvalue())


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
