"""Reads a picture's attributes back. Trained apart from the model, on true renders alone: other scenes than the generator's,
tilted further, in jittered colours, noise and blur forgiven, as by an eye."""

import os
import random

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from picture_book import composer
from picture_book.rendering import Renderer
from picture_book.subjects import NAMED
from picture_book.world import BACKDROPS, COLOURS, COUNTS, GROUNDS, RELATIONS, SIZES, TIMES, WEATHERS
from training import Average, Training, autocast, set_rate, share_processor

NOTHING = ("",)
PARTS = {"subject": NAMED, "colour": NOTHING + COLOURS, "count": COUNTS, "size": SIZES, "time": TIMES,
         "ground": GROUNDS + BACKDROPS, "weather": WEATHERS, "relation": RELATIONS, "other": NOTHING + NAMED,
         "other_colour": NOTHING + COLOURS}
GRADED = tuple(part for part in PARTS if part != "size")
BATCH, RATE = 64, 2e-3
FIRST = 4 * 10 ** 8         # scenes of its own


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        return F.relu(x + self.body(x))


class Classifier(nn.Module):
    """Pictures of 128x128 in 0..1 to one group of logits a part; `features` are for Fréchet distances."""

    def __init__(self, widths):
        super().__init__()
        layers, inputs = [], 3
        for i, outputs in enumerate(widths):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            layers += [Residual(outputs) for _ in range(int(i > 0))]
            inputs = outputs
        self.body = nn.Sequential(*layers)
        self.narrow = nn.Sequential(nn.AdaptiveAvgPool2d(8), nn.Conv2d(inputs, 48, 1), nn.ReLU(), nn.Flatten(),
                                    nn.Linear(48 * 64, 256), nn.ReLU())
        self.most = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(256 + inputs, sum(map(len, PARTS.values()))))

    def features(self, pictures):
        seen = self.body(pictures * 2 - 1)
        return torch.cat([self.narrow(seen), self.most(seen)], 1)

    def forward(self, pictures):
        logits = self.head(self.features(pictures))
        return dict(zip(PARTS, logits.float().split([len(values) for values in PARTS.values()], 1)))


def seen_as(scene):
    """Of two scenes that look alike (this left of that, that right of this) the one to name."""
    if scene.relation != "right of":
        return scene
    return type(scene)(scene.other, scene.other_colour, 1, scene.size, scene.place, scene.ground, scene.time, scene.weather,
                       "left of", scene.subject, scene.colour)


def labels(scenes, parts=PARTS):
    seen = [seen_as(scene) for scene in scenes]
    return {part: torch.tensor([values.index(getattr(scene, part)) for scene in seen]) for part, values in parts.items()}


def small(pictures):
    """At the size that it reads."""
    return F.interpolate(pictures, size=128, mode="area") if pictures.shape[-1] > 128 else pictures


@torch.no_grad()
def read(network, pictures):
    answers = [{part: logits.argmax(1) for part, logits in network(small(some)).items()} for some in pictures.split(64)]
    return {part: torch.cat([answer[part] for answer in answers]) for part in PARTS}


def accuracy(network, pictures, scenes):
    """In percent. Colours count where the subject is right and one is asked for; a time and weather where there are any."""
    truth, answers = labels(scenes), read(network, pictures)
    right = {part: answers[part] == truth[part] for part in PARTS}
    asked = {"subject": torch.ones(len(scenes), dtype=torch.bool),
             "colour of the right subject": right["subject"] & (truth["colour"] > 0),
             "count": torch.tensor([scene.relation == "alone" for scene in scenes]),
             "relation": truth["relation"] > 0, "other": truth["other"] > 0,
             "time": torch.tensor([scene.ground in GROUNDS and scene.ground not in ("space", "underwater") for scene in scenes]),
             "ground": torch.ones(len(scenes), dtype=torch.bool),
             "weather": torch.tensor([scene.weather != "clear" for scene in scenes])}
    return {name: round(100 * right[name.split()[0]][which].float().mean().item(), 1) if which.any() else None
            for name, which in asked.items()}


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
        self.labels = {part: torch.cat([self.labels[part], seen[part]]) if self.labels else seen[part] for part in PARTS}
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


def train_classifier(settings, folder, device, minutes, steps):
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
        loss = sum(F.cross_entropy(logits[part], truth[part].to(device)) for part in PARTS)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        average.update(network)
        training.log(50, loss=loss.detach())
    return average.network


def load_classifier(settings, folder):
    """The averaged weights, or None where the stage was not run."""
    path = os.path.join(folder, "classifier.pt")
    if not os.path.exists(path):
        return None
    network = Classifier(settings.classifier_widths)
    network.load_state_dict(torch.load(path, map_location="cpu")["average"])
    return network.eval().requires_grad_(False)
