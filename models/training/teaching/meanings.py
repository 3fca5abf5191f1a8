"""What captions mean, for the text encoder to learn before it meets the UNet: a scene's attributes, and how its subjects look.

MobileDiffusion's text encoder comes from CLIP, which has seen pictures. Ours begins from nothing, so it is given what CLIP
would have: states from which attention can read what is told of, and a subject's appearance rather than its name alone.

A caption leaves most of its positions to padding. The last of them learn to tell how each part of the scene's subjects looks: a
square's 8x8 parts of the first, row by row, then the second's, each as the latents that such a part has in the subject's
portrait, and how much of each the subject covers: its outline. So the UNet does not have to know subjects by heart: a cell that knows
which part it is finds its look by attention. To be found, each must say which part it tells of, too.
"""

import os

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from networks.unet import Attention
from networks.vae import LATENTS, PIXELS, load_vae
from training import autocast
from world import composer
from world.attributes import TOLD
from world.rendering import Crew
from world.scene_cache import load_world
from world.scenes import COLOURS
from world.subjects import NAMED

SIDE, PART = 8, 2                   # parts along each side of a portrait, and latents along a part's
ROOM, MARGIN = SIDE * PART, 2       # latents of a portrait, and around it
CHANNELS = LATENTS + 1              # of a look: what of it the subject covers as well
TELLERS = 2 * SIDE * SIDE           # last positions of a caption, one for each part of both subjects
LOOK = PART * PART * CHANNELS       # numbers of one part's look
BATCH = 16


class PortraitRows:
    """Where the portraits of scenes' subjects are in the table of `portraits`."""

    def __init__(self, world):
        self.pairs = [(noun, colour) for noun in NAMED for colour in ("",) + (COLOURS if noun in world.recolourable else ())]
        self.row = {pair: i for i, pair in enumerate(self.pairs)}

    def of(self, scene):
        """Of the first and the second thing; -1, the last of the table, where there is none."""
        both = [(scene.subject, scene.colour), (scene.other, scene.other_colour)]
        return [self.row.get(pair, -1) for pair in (both if composer.first_of(scene) == scene.subject else both[::-1])]


class Portraitist:
    def __init__(self, folder):
        self.sprites = load_world(folder, NAMED)[1]

    def __call__(self, noun, colour):
        return composer.portrait(noun, colour, PIXELS * (ROOM + 2 * MARGIN), PIXELS * ROOM, self.sprites)


@torch.no_grad()
def portraits(settings, folder, device):
    """The latents of each subject, alone on white, in each of its colours, less their mean and of a mean square of 1, and from -1 to 1
    what of each the subject covers: (n, 9, 16, 16), the last of them zeros for nothing. Kept in the run folder."""
    path = os.path.join(folder, "portraits.npy")
    if not os.path.exists(path):
        vae, pairs, latents = load_vae(settings, folder, device), PortraitRows(load_world(folder, NAMED)[0]).pairs, []
        pictures = torch.from_numpy(np.stack(list(Crew(Portraitist, folder)(pairs)))).permute(0, 3, 1, 2)
        for some in pictures[:, :3].split(BATCH):
            with autocast(device):
                latents.append(vae.encode(some.to(device).float() / 127.5 - 1).float().cpu())
        table, covered = torch.cat(latents), F.avg_pool2d(pictures[:, 3:].float() / 127.5 - 1, PIXELS)
        table = table - table.mean((0, 2, 3), keepdim=True)
        table = torch.cat([table / table.square().mean().sqrt(), covered], 1)[..., MARGIN:-MARGIN, MARGIN:-MARGIN]
        np.save(path, table.half().numpy())
    table = torch.from_numpy(np.load(path)).float()
    return torch.cat([table, torch.zeros_like(table[:1])])


def parts_of(looks):
    """Portraits (n, 2, 9, 16, 16) as their parts, (n, 128, LOOK)."""
    parts = looks.unflatten(3, (SIDE, PART)).unflatten(5, (SIDE, PART))     # n, 2, 9, rows, down, columns, across
    return parts.permute(0, 1, 3, 5, 2, 4, 6).reshape(len(looks), -1, LOOK)


def looks_of(parts):
    """The portraits again."""
    looks = parts.view(len(parts), 2, SIDE, SIDE, CHANNELS, PART, PART)     # n, 2, rows, columns, 9, down, across
    return looks.permute(0, 1, 4, 2, 5, 3, 6).reshape(len(parts), 2, CHANNELS, ROOM, ROOM)


def addresses():
    """Of each part its row, its column and whose it is, as ones among zeros: (128, 8 + 8 + 2)."""
    k = torch.arange(TELLERS)
    return torch.cat([F.one_hot(k // SIDE % SIDE, SIDE), F.one_hot(k % SIDE, SIDE), F.one_hot(k // SIDE ** 2, 2)], 1).float()


class Reader(nn.Module):
    """Reads hidden states as the UNet will: attributes by attention of one learnt query a question, looks where they belong."""

    def __init__(self, width, heads):
        super().__init__()
        self.questions = nn.Parameter(torch.randn(len(TOLD), width))
        self.attention = Attention(width, width, {"attention_head_dim": width // heads, "attention_kind": "softmax"})
        self.norm = nn.LayerNorm(width)
        self.answers = nn.ModuleList([nn.Linear(width, len(values)) for values in TOLD.values()])
        self.look, self.address = nn.Linear(width, LOOK), nn.Linear(width, 2 * SIDE + 2)
        self.register_buffer("addresses", addresses(), persistent=False)

    def looks(self, states):
        """The parts that the last positions tell of, (n, 128, LOOK)."""
        return self.look(states[:, -TELLERS:])

    def loss(self, states, labels, looks):
        """Cross entropies of the attributes, and the mean squared errors of the looks and of their addresses."""
        read = self.norm(self.attention(self.questions.expand(len(states), -1, -1), states))
        answers = [answer(read[:, k]).float() for k, answer in enumerate(self.answers)]
        parts = parts_of(looks)
        named = sum(F.cross_entropy(answer, labels[part]) for part, answer in zip(TOLD, answers))
        looked = (self.looks(states).float() - parts).square().mean()
        addressed = (self.address(states[:, -TELLERS:]).float() - self.addresses).square().mean()
        right = (answers[0].argmax(1) == labels["subject"]).float().mean()
        return named, looked, addressed, right
