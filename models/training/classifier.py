"""Reads a picture's attributes back. Trained apart from the model, on true renders alone."""

import random

import torch
from torch import nn
from torch.nn import functional as F

from renderer import Renderer, draw_chances
from training import Average, Training, autocast, set_rate
from world import COLOURS, COUNTS, GROUNDS, NOBODY, PLACES, RELATIONS, SUBJECTS, TIMES, WEATHERS, sample_any, seen_as

PARTS = {
    "subject": SUBJECTS, "colour": tuple(COLOURS), "count": COUNTS, "place": PLACES, "time": TIMES, "ground": GROUNDS,
    "weather": WEATHERS, "relation": RELATIONS, "other": SUBJECTS + (NOBODY,), "other_colour": tuple(COLOURS) + (NOBODY,)}
BATCH, RATE = 64, 2e-3
DRAWN, KEPT, USED = 256, 4096, 3    # renders at a time, among how many a batch is chosen, how often each is


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        return F.relu(x + self.body(x))


class Classifier(nn.Module):
    """Pictures in 0..1 to one group of logits a part."""

    def __init__(self):
        super().__init__()
        layers, inputs = [], 3
        for i, outputs in enumerate((24, 48, 96, 128)):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            layers += [Residual(outputs)] * (i > 0)
            inputs = outputs
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Flatten(), nn.LazyLinear(256), nn.ReLU(), nn.Dropout(0.1),
                                  nn.Linear(256, sum(map(len, PARTS.values()))))

    def forward(self, pictures):
        logits = self.head(self.body(pictures * 2 - 1))
        return dict(zip(PARTS, logits.float().split([len(values) for values in PARTS.values()], 1)))


def labels(scenes):
    seen = [seen_as(scene) for scene in scenes]
    return {part: torch.tensor([values.index(getattr(scene, part)) for scene in seen]) for part, values in PARTS.items()}


@torch.no_grad()
def read(network, pictures):
    """Every part's most likely value, as an index."""
    answers = [{part: logits.argmax(1) for part, logits in network(some).items()} for some in pictures.split(64)]
    return {part: torch.cat([answer[part] for answer in answers]) for part in PARTS}


def accuracy(network, pictures, scenes):
    """In percent; a part that a scene has none of is right where the picture shows none."""
    truth, answers = labels(scenes), read(network, pictures)
    right = {part: answers[part] == truth[part] for part in PARTS}
    right["subjects and colours"] = right["subject"] & right["colour"] & right["other"] & right["other_colour"]
    right["counts and places"] = right["count"] & right["place"] & right["relation"]
    return {part: round(100 * values.float().mean().item(), 1) for part, values in right.items()}


class Renders:
    """Pictures and their labels; fresh ones take the place of the oldest, so that none is seen often."""

    def __init__(self, size, seed):
        self.renderer, self.random, self.draws = Renderer(size), random.Random(seed), 0
        self.pictures, self.labels = torch.empty(0, 3, size, size, dtype=torch.uint8), {}

    def draw(self, step):
        while self.draws * DRAWN <= step * BATCH / USED or not self.draws:
            scenes = [sample_any(self.random) for _ in range(DRAWN)]
            pictures, _ = self.renderer(scenes, draw_chances(DRAWN, self.random.getrandbits(32)))
            self.pictures = torch.cat([self.pictures, (pictures * 255).round().byte()])[-KEPT:]
            self.labels = {part: torch.cat([self.labels[part], values])[-KEPT:] if self.draws else values
                           for part, values in labels(scenes).items()}
            self.draws += 1
        chosen = torch.randint(len(self.pictures), (BATCH,))
        return self.pictures[chosen] / 255, {part: values[chosen] for part, values in self.labels.items()}


def train_classifier(settings, folder, minutes, steps):
    """On true renders; noise and blur are forgiven, as by an eye."""
    network = Classifier()
    network(torch.zeros(2, 3, settings.size, settings.size))
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.05)
    average = Average(network, 0.998)
    training = Training(
        folder, "classifier", {"network": network, "average": average.network, "optimiser": optimiser}, minutes, steps)
    average.steps = training.step
    renders, first = Renders(settings.size, 1000003 + training.step), training.step
    for step in training:
        set_rate(optimiser, training.rate(RATE))
        pictures, truth = renders.draw(step - first)
        blurred = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2.0, mode="bilinear")
        pictures = torch.lerp(pictures, blurred, torch.rand(BATCH, 1, 1, 1))
        pictures = pictures + 0.06 * torch.rand(BATCH, 1, 1, 1) * torch.randn_like(pictures)
        with autocast("cpu"):
            logits = network(pictures.contiguous(memory_format=torch.channels_last))
        loss = sum(F.cross_entropy(logits[part], truth[part]) for part in PARTS)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        average.update(network)
        training.log(50, loss=loss.detach())
    return average.network
