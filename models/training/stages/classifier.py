"""The classifier that reads pictures back: for the judge, and for the accuracy over training where it is there before.

It learns from true renders of other scenes than the generator's, tilted further, in jittered colours, noise and blur forgiven,
as by an eye.
"""

import os
import random

import numpy as np
import torch
from torch.nn import functional as F

from judging.classifier import Classifier, accuracy
from training import Average, Training, autocast, set_rate, share_processor, write_figures
from world import composer
from world.attributes import SHOWN, labels
from world.rendering import Renderer
from world.subjects import NAMED

BATCH, RATE = 64, 2e-3
FIRST = 4 * 10 ** 8         # scenes of its own


class Renders:
    """Renders into a file once, then jittered draws from it."""

    def __init__(self, settings, folder):
        self.renderer = Renderer(folder, NAMED)
        self.path = os.path.join(folder, "classifier-128.u8")
        shape = (settings.classifier_scenes, 128, 128, 3)
        exists = os.path.exists(self.path) and os.path.getsize(self.path) == int(np.prod(shape))
        self.data = np.memmap(self.path, np.uint8, "r+" if exists else "w+", shape=shape)
        self.labels, self.done = {}, 0
        self.marked = self.path + ".done"
        if exists and os.path.exists(self.marked):
            self.done = int(open(self.marked).read())
            self.labels = labels([self.scene(i) for i in range(self.done)]) if self.done else {}

    def scene(self, i):
        """Of all pairs, those kept back from the generator as well."""
        return self.renderer.world.sample_any(random.Random(FIRST + i))

    def fill(self, more):
        """Renders some more, until all are there."""
        end = min(self.done + more, len(self.data))
        if end == self.done:
            return
        new = [self.scene(i) for i in range(self.done, end)]
        chances = [1.25 * np.random.default_rng(FIRST + i).standard_normal(composer.CHANCES) for i in range(self.done, end)]
        self.data[self.done:end] = self.renderer.render(new, chances, 128)[0]
        seen = labels(new)
        self.labels = {part: torch.cat([self.labels[part], seen[part]]) if self.labels else seen[part] for part in SHOWN}
        self.done = end
        with open(self.marked, "w") as file:
            file.write(str(end))

    def draw(self):
        chosen = torch.randint(self.done, (BATCH,))
        pictures = torch.from_numpy(self.data[chosen.numpy()]).permute(0, 3, 1, 2).float() / 255
        light = 1 + 0.12 * (torch.rand(BATCH, 3, 1, 1) - 0.5)
        pictures = (pictures * light + 0.06 * (torch.rand(BATCH, 1, 1, 1) - 0.5)).clamp(0, 1)
        shift = torch.randint(-4, 5, (2,)).tolist()
        pictures = torch.roll(pictures, shift, (2, 3))
        blurred = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2.0, mode="bilinear")
        pictures = torch.lerp(pictures, blurred, torch.rand(BATCH, 1, 1, 1) * 0.8)
        pictures = pictures + 0.05 * torch.rand(BATCH, 1, 1, 1) * torch.randn_like(pictures)
        return pictures, {part: values[chosen] for part, values in self.labels.items()}


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
        pictures, truth = renders.draw()
        with autocast(device):
            logits = network(pictures.to(device).contiguous(memory_format=torch.channels_last))
        loss = sum(F.cross_entropy(logits[part], truth[part].to(device)) for part in SHOWN)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        average.update(network)
        training.log(50, loss=loss.detach())
    scenes, pictures = true_renders(folder, 12, settings.judged)
    figures = accuracy(average.network.cpu().eval(), pictures, scenes)
    write_figures(os.path.join(folder, "classifier.json"), {"true renders": figures})
