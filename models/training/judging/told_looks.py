"""How truly the text encoder tells how subjects look: what of their portraits it leaves unexplained, of what is fine in them above all.

Of portraits whose fine parts were told an eighth wrong the classifier read 75% back where they had a colour that was not their own,
of true ones 97%: stripes, holes and faces were missing from them, and from the pictures.
"""

import random

import torch
from torch.nn import functional as F

from networks.vae import LATENTS
from teaching.meanings import looks_of
from training import autocast
from world.captions import caption
from world.scenes import COLOURS, Scene, is_kept_colour

SEED, SUBJECTS = 5, 150
COARSE = 4          # latents: what differs from the mean of so many each way is fine


def fine(looks):
    return looks - F.interpolate(F.avg_pool2d(looks, COARSE), scale_factor=COARSE, mode="bilinear", align_corners=False)


def unexplained(told, true):
    """Percent of the variance; whole, and of what is fine."""
    varied = true - true.mean((2, 3), keepdim=True)
    return {"": 100 * (told - true).square().sum() / varied.square().sum(),
            "_fine": 100 * fine(told - true).square().sum() / fine(true).square().sum()}


class ToldLooks:
    """Of things on white, in their own colours and in others."""

    def __init__(self, world, rows, table, tokenizer):
        rng = random.Random(SEED)
        nouns = sorted(world.recolourable & set(world.nouns))
        nouns = rng.sample(nouns, min(SUBJECTS, len(nouns)))
        colours = [rng.choice([c for c in COLOURS if not is_kept_colour(noun, c)]) for noun in nouns]
        self.asked = {}
        for kind, chosen in (("own", [""] * len(nouns)), ("other", colours)):
            scenes = [Scene(noun, colour, ground="white") for noun, colour in zip(nouns, chosen)]
            ids = tokenizer([caption(scene, rng, complete=True) for scene in scenes])
            self.asked[kind] = ids.to(table.device), table[[rows.of(scene)[0] for scene in scenes]][:, :LATENTS]

    @torch.no_grad()
    def __call__(self, network, reader):
        figures = {}
        for kind, (ids, true) in self.asked.items():
            with autocast(ids.device):
                told = looks_of(reader.looks(network(ids)).float())[:, 0, :LATENTS]
            figures.update({kind + part: value for part, value in unexplained(told, true).items()})
        return figures
