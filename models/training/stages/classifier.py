"""The classifier that reads pictures back: for the judge, and for the accuracy over training where it is there before.

It learns from true renders of other scenes than the generator's, tilted further, in jittered colours, noise and blur forgiven,
as by an eye.
"""

import os
import random

import numpy as np
import torch
from torch.nn import functional as F

from judging.classifier import GRID, Classifier, accuracy
from teaching.latent_cache import shares
from training import Average, Training, autocast, set_rate, share_processor, write_figures
from world import composer
from world.attributes import SHOWN, labels
from world.rendering import Renderer
from world.subjects import NAMED

BATCH, RATE = 64, 2e-3
FIRST = 4 * 10 ** 8         # scenes of its own
THERE = 0.35 * 255          # of a cell, from which on it is somebody's


class Renders:
    """Renders into files once, pictures and whose each cell is, then jittered draws from these."""

    def __init__(self, settings, folder):
        self.renderer = Renderer(folder, NAMED)
        self.path = os.path.join(folder, "classifier-128")
        self.pictures = self.mapped("u8", (settings.classifier_scenes, 128, 128, 3))
        self.roles = self.mapped("roles", (settings.classifier_scenes, GRID, GRID))
        self.labels, self.done = {}, 0
        self.marked = self.path + ".done"
        if os.path.exists(self.marked):
            self.done = int(open(self.marked).read())
            self.labels = labels([self.scene(i) for i in range(self.done)]) if self.done else {}

    def mapped(self, name, shape):
        path = f"{self.path}.{name}"
        exists = os.path.exists(path) and os.path.getsize(path) == int(np.prod(shape))
        return np.memmap(path, np.uint8, "r+" if exists else "w+", shape=shape)

    def scene(self, i):
        """Of all pairs, those kept back from the generator as well."""
        return self.renderer.world.sample_any(random.Random(FIRST + i))

    def fill(self, more):
        """Renders some more, until all are there."""
        end = min(self.done + more, len(self.pictures))
        if end == self.done:
            return
        new = [self.scene(i) for i in range(self.done, end)]
        chances = [1.25 * np.random.default_rng(FIRST + i).standard_normal(composer.CHANCES) for i in range(self.done, end)]
        self.pictures[self.done:end], masks = self.renderer.render(new, chances, 128)
        where = np.stack([composer.whereabouts(*both, GRID, self.renderer.sprites) for both in zip(new, chances)])
        self.roles[self.done:end] = (shares(masks) > THERE) * (1 + where[:, 2])
        seen = labels(new)
        self.labels = {part: torch.cat([self.labels[part], seen[part]]) if self.labels else seen[part] for part in SHOWN}
        self.done = end
        with open(self.marked, "w") as file:
            file.write(str(end))

    def draw(self):
        chosen = torch.randint(self.done, (BATCH,))
        pictures = torch.from_numpy(self.pictures[chosen.numpy()]).permute(0, 3, 1, 2).float() / 255
        light = 1 + 0.12 * (torch.rand(BATCH, 3, 1, 1) - 0.5)
        pictures = (pictures * light + 0.06 * (torch.rand(BATCH, 1, 1, 1) - 0.5)).clamp(0, 1)
        shift = torch.randint(-4, 5, (2,)).tolist()
        pictures = torch.roll(pictures, shift, (2, 3))      # by half a cell at most
        blurred = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2.0, mode="bilinear")
        pictures = torch.lerp(pictures, blurred, torch.rand(BATCH, 1, 1, 1) * 0.8)
        pictures = pictures + 0.05 * torch.rand(BATCH, 1, 1, 1) * torch.randn_like(pictures)
        return pictures, torch.from_numpy(self.roles[chosen.numpy()]).long(), {part: values[chosen] for part, values in self.labels.items()}


def error(logits, truth):
    """Cross entropy where there is a truth, not -1."""
    return F.cross_entropy(logits, truth, ignore_index=-1, reduction="sum") / (truth >= 0).sum().clamp(min=1)


def losses(told, cells, roles, truth):
    """Of what is told of pictures, and of cells: whose they are, and what is there where somebody is."""
    truth = {**truth, "other_colour": truth["other_colour"].masked_fill(truth["other"] == 0, -1)}
    of_pictures, of_cells = sum(error(told[part], truth[part]) for part in SHOWN), error(cells["role"], roles)
    for name, (own, others) in {"noun": (truth["subject"], truth["other"] - 1), "colour": (truth["colour"], truth["other_colour"])}.items():
        there = torch.where(roles == 1, own[:, None, None], others[:, None, None]).masked_fill(roles == 0, -1)
        of_cells = of_cells + error(cells[name], there)
    return of_pictures, of_cells


def true_renders(folder, seed, count):
    """Held-out scenes and their renders (n, 3, 128, 128) in 0..1."""
    renderer, rng, chance = Renderer(folder, NAMED), random.Random(seed), np.random.default_rng(seed)
    scenes = [renderer.world.sample(rng) for _ in range(count)]
    pictures, _ = renderer.render(scenes, [chance.standard_normal(composer.CHANCES) for _ in scenes], 128)
    return scenes, torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255.0


def run(settings, folder, device, minutes, steps, **_):
    network = Classifier(settings.classifier_widths).to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.05)
    average = Average(network, 0.998)
    training = Training(
        folder, "classifier", {"network": network, "average": average.network, "optimiser": optimiser}, minutes, steps,
        by_processor=device == "cpu")
    average.steps = training.step
    renders, threads = Renders(settings, folder), torch.get_num_threads()
    for step in training:
        if step % 20 == 0:
            share_processor(threads)
        renders.fill(2000 if not renders.done else 16)
        set_rate(optimiser, training.rate(RATE))
        pictures, roles, truth = renders.draw()
        with autocast(device):
            told, cells = network.read(pictures.to(device).contiguous(memory_format=torch.channels_last))
        of_pictures, of_cells = losses(told, cells, roles.to(device), {part: values.to(device) for part, values in truth.items()})
        optimiser.zero_grad(set_to_none=True)
        (of_pictures + of_cells).backward()
        optimiser.step()
        average.update(network)
        training.log(50, pictures=of_pictures.detach(), cells=of_cells.detach())
    scenes, pictures = true_renders(folder, 12, settings.judged)
    figures = accuracy(average.network.cpu().eval(), pictures, scenes)
    write_figures(os.path.join(folder, "classifier.json"), {"true renders": figures})
