"""What captions mean, for the text encoder to learn before it meets the UNet: a scene's attributes, and how its subjects look.

MobileDiffusion's text encoder comes from CLIP, which has seen pictures. Ours begins from nothing, so it is given what CLIP
would have: states from which attention can read what is told of, and a subject's appearance rather than its name alone.
"""

import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from picture_book import composer
from picture_book.classifier import PARTS, seen_as
from picture_book.scene_cache import load_world
from picture_book.subjects import NAMED
from picture_book.world import COLOURS, PLACES, Scene
from training import autocast
from unet import Attention

TOLD = {**PARTS, "place": PLACES}
LOOKS = ("subject", "other")
LOOK = 128          # numbers of a look, at most


def look_of(noun, colour):
    """Of a thing on white, as every thing's picture is."""
    return Scene(noun, colour, ground="white")


@torch.no_grad()
def looks(folder, vae, size, device):
    """How each subject looks in each of its colours, in few numbers: the principal components of its latents.

    A tensor (n, LOOK) whose numbers have a mean square of 1, and the rows of (noun, colour); kept in the run folder.
    """
    path = os.path.join(folder, "looks.npz")
    world, sprites = load_world(folder, NAMED)
    rows = {pair: i for i, pair in enumerate((noun, colour) for noun in NAMED
                                             for colour in ("",) + (COLOURS if noun in world.recolourable else ()))}
    if not os.path.exists(path):
        latents, still = [], np.zeros(composer.CHANCES, np.float32)
        for noun, colour in rows:
            picture, _ = composer.render(look_of(noun, colour), still, size, sprites)
            pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float().to(device) / 127.5 - 1
            with autocast(device):
                latents.append(F.avg_pool2d(vae.encode(pixels).float(), 2).flatten().cpu())
        table = torch.stack(latents)
        table = table - table.mean(0)
        directions = torch.linalg.svd(table, full_matrices=False)[2][:LOOK]
        codes = table @ directions.T
        np.savez(path, codes=(codes / codes.square().mean().sqrt()).numpy())
    return torch.from_numpy(np.load(path)["codes"]), rows


class Meanings:
    """What is true of scenes, as a `Reader` should read it."""

    def __init__(self, codes, rows):
        self.codes, self.rows = torch.cat([codes, torch.zeros(1, codes.shape[1])]), rows

    def row(self, noun, colour):
        """The last one is of nothing."""
        return self.rows.get((noun, colour), len(self.rows))

    def __call__(self, scenes):
        seen = [seen_as(scene) for scene in scenes]
        labels = {part: torch.tensor([values.index(getattr(scene, part)) for scene in seen]) for part, values in TOLD.items()}
        return labels, [self.codes[[self.row(getattr(scene, part), getattr(scene, part + "_colour" if part == "other" else "colour"))
                                    for scene in seen]] for part in LOOKS]


class Reader(nn.Module):
    """Reads hidden states as the UNet will, by attention of one learnt query a question."""

    def __init__(self, width, heads, look):
        super().__init__()
        self.questions = nn.Parameter(torch.randn(len(TOLD) + len(LOOKS), width))
        self.attention = Attention(width, width, {"attention_head_dim": width // heads, "attention_kind": "softmax"})
        self.norm = nn.LayerNorm(width)
        self.answers = nn.ModuleList([nn.Linear(width, count) for count in [*map(len, TOLD.values()), *[look] * len(LOOKS)]])

    def forward(self, states):
        read = self.norm(self.attention(self.questions.expand(len(states), -1, -1), states))
        return [answer(read[:, k]).float() for k, answer in enumerate(self.answers)]

    def loss(self, states, labels, codes):
        """Cross entropies of the attributes, and the mean squared error of the looks."""
        answers = self(states)
        named = sum(F.cross_entropy(answer, labels[part]) for part, answer in zip(TOLD, answers))
        looked = sum((answer - code).square().mean() for answer, code in zip(answers[len(TOLD):], codes))
        right = (answers[0].argmax(1) == labels["subject"]).float().mean()
        return named, looked, right
