"""The classifier that reads pictures back: for the judge, and for the accuracy over training where it is there before.

It learns from true renders of other scenes than the generator's, tilted further, in jittered colours, noise and blur forgiven,
as by an eye.
"""

import os
import random

import numpy as np
import torch
from torch.nn import functional as F

from captured import Captured
from judging.classifier import GRID, Classifier, accuracy
from teaching.latent_cache import shares
from training import Average, Training, adamw, autocast, set_rate, share_processor, write_figures
from world import composer
from world.attributes import SHOWN, labels
from world.rendering import Crew, Renderer
from world.scene_cache import load_world
from world.subjects import NAMED

RATE = 2e-3
READY, MORE = 2000, 16      # scenes that it begins with, and that follow each step
FIRST = 4 * 10 ** 8         # scenes of its own
THERE = 0.35 * 255          # of a cell, from which on it is somebody's


class Teller:
    """Scenes by their numbers, of all pairs, those kept back from the generator as well: pictures, and whose each cell is."""

    def __init__(self, folder):
        self.world, self.sprites = load_world(folder, NAMED)

    def scene(self, i):
        return self.world.sample_any(random.Random(FIRST + i))

    def __call__(self, numbers):
        both = [(self.scene(i), 1.25 * np.random.default_rng(FIRST + i).standard_normal(composer.CHANCES)) for i in numbers]
        pictures, masks = zip(*(composer.render(*one, 128, self.sprites) for one in both))
        where = np.stack([composer.whereabouts(*one, GRID, self.sprites) for one in both])
        return np.stack(pictures), (shares(np.stack(masks)) > THERE) * (1 + where[:, 2])


class Renders:
    """Renders into files once, pictures and whose each cell is, then jittered draws from these; a GPU keeps them in its memory."""

    def __init__(self, settings, folder, device):
        self.teller, self.device = Teller(folder), device
        self.path = os.path.join(folder, "classifier-128")
        self.pictures = self.mapped("u8", (settings.classifier_scenes, 128, 128, 3))
        self.roles = self.mapped("roles", (settings.classifier_scenes, GRID, GRID))
        self.truth, self.done, self.batch = torch.zeros(len(SHOWN), 0, dtype=torch.long), 0, settings.classifier_batch
        self.marked = self.path + ".done"
        if os.path.exists(self.marked):
            self.done = int(open(self.marked).read())
            self.truth = self.shown(range(self.done))
        self.answers = iter(Crew(Teller, folder)((span,) for span in self.spans()))
        while self.done < min(READY, len(self.pictures)) or device != "cpu" and self.done < len(self.pictures):
            self.fill()
        self.parts = [torch.from_numpy(part).to(device) for part in (self.pictures, self.roles)]

    def mapped(self, name, shape):
        path = f"{self.path}.{name}"
        exists = os.path.exists(path) and os.path.getsize(path) == int(np.prod(shape))
        return np.memmap(path, np.uint8, "r+" if exists else "w+", shape=shape)

    def shown(self, numbers):
        return torch.stack(list(labels([self.teller.scene(i) for i in numbers]).values())) if numbers else self.truth

    def spans(self):
        return [range(start, min(start + MORE, len(self.pictures))) for start in range(self.done, len(self.pictures), MORE)]

    def fill(self):
        """Takes some more, until all are there."""
        if self.done == len(self.pictures):
            return
        end = min(self.done + MORE, len(self.pictures))
        self.pictures[self.done:end], self.roles[self.done:end] = next(self.answers)
        self.truth, self.done = torch.cat([self.truth, self.shown(range(self.done, end))], 1), end
        with open(self.marked, "w") as file:
            file.write(str(end))

    def draw(self):
        """Pictures, whose each cell is, and what they show (parts, n)."""
        chosen = torch.randint(self.done, (self.batch,))
        pictures, roles = (part[chosen.to(self.device)] for part in self.parts)
        return jittered(pictures.permute(0, 3, 1, 2).float() / 255), roles.long(), self.truth[:, chosen].to(self.device)


def jittered(pictures):
    """In another light, moved, a little blurred and noisy."""
    def chance(*shape):
        return torch.rand(*shape, device=pictures.device)

    count = len(pictures)
    pictures = (pictures * (1 + 0.12 * (chance(count, 3, 1, 1) - 0.5)) + 0.06 * (chance(count, 1, 1, 1) - 0.5)).clamp(0, 1)
    pictures = torch.roll(pictures, torch.randint(-4, 5, (2,)).tolist(), (2, 3))        # by half a cell at most
    blurred = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2.0, mode="bilinear")
    pictures = torch.lerp(pictures, blurred, chance(count, 1, 1, 1) * 0.8)
    return pictures + 0.05 * chance(count, 1, 1, 1) * torch.randn_like(pictures)


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
    optimiser = adamw(network.parameters(), lr=RATE, weight_decay=0.05)
    average = Average(network, 0.998)
    training = Training(
        folder, "classifier", {"network": network, "average": average.network, "optimiser": optimiser}, minutes, steps,
        by_processor=device == "cpu")
    average.steps = training.step
    renders, threads = Renders(settings, folder, device), torch.get_num_threads()

    def learn(pictures, roles, truth):
        with autocast(device):
            told, cells = network.read(pictures.contiguous(memory_format=torch.channels_last))
        of_pictures, of_cells = losses(told, cells, roles, dict(zip(SHOWN, truth)))
        optimiser.zero_grad(set_to_none=True)
        (of_pictures + of_cells).backward()
        optimiser.step()
        return {"pictures": of_pictures.detach(), "cells": of_cells.detach()}

    learn = Captured(learn, device, settings.recorded)
    for step in training:
        if step % 20 == 0:
            share_processor(threads)
        renders.fill()
        set_rate(optimiser, training.rate(RATE))
        training.log(50, **learn(*renders.draw()))
        average.update(network)
    scenes, pictures = true_renders(folder, 12, settings.judged)
    figures = accuracy(average.network.eval(), pictures, scenes)
    write_figures(os.path.join(folder, "classifier.json"), {"true renders": figures})
