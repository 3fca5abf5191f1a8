"""Reads a picture's attributes back. Trained apart from the model, on true renders alone."""

import random

import torch
from torch import nn
from torch.nn import functional as F

from renderer import Renderer
from training import Training, set_rate
from world import COLOURS, COUNTS, GROUNDS, NOBODY, PLACES, RELATIONS, SUBJECTS, TIMES, WEATHERS, sample_any, seen_as

PARTS = {
    "subject": SUBJECTS, "colour": tuple(COLOURS), "count": COUNTS, "place": PLACES, "time": TIMES, "ground": GROUNDS,
    "weather": WEATHERS, "relation": RELATIONS, "other": SUBJECTS + (NOBODY,), "other_colour": tuple(COLOURS) + (NOBODY,)}
BATCH, RATE = 48, 2e-3


class Classifier(nn.Module):
    """Pictures in 0..1 to one group of logits a part."""

    def __init__(self):
        super().__init__()
        layers, inputs = [], 3
        for outputs, stride in ((24, 2), (48, 2), (96, 2), (96, 1), (128, 2)):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
            inputs = outputs
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Flatten(), nn.LazyLinear(256), nn.ReLU(), nn.Dropout(0.1),
                                  nn.Linear(256, sum(map(len, PARTS.values()))))

    def forward(self, pictures):
        logits = self.head(self.body(pictures * 2 - 1))
        return dict(zip(PARTS, logits.split([len(values) for values in PARTS.values()], 1)))


def labels(scenes):
    seen = [seen_as(scene) for scene in scenes]
    return {part: torch.tensor([values.index(getattr(scene, part)) for scene in seen]) for part, values in PARTS.items()}


@torch.no_grad()
def read(network, pictures):
    """Every part's most likely value, as an index."""
    answers = [{part: logits.argmax(1) for part, logits in network(some).items()} for some in pictures.split(64)]
    return {part: torch.cat([answer[part] for answer in answers]) for part in PARTS}


def train_classifier(settings, folder, minutes, steps):
    """On renders that it sees once; noise and blur are forgiven, as by an eye."""
    network, renderer = Classifier(), Renderer(settings.size)
    network(torch.zeros(2, 3, settings.size, settings.size))
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.05)
    training = Training(folder, "classifier", {"network": network, "optimiser": optimiser}, minutes, steps)
    for step in training:
        set_rate(optimiser, training.rate(RATE))
        rng = random.Random(1000003 + step)
        scenes = [sample_any(rng) for _ in range(BATCH)]
        pictures, _ = renderer(scenes, 77_000_000 + step)
        if step % 2:
            pictures = F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2.0, mode="bilinear")
        pictures = pictures + 0.06 * torch.rand(BATCH, 1, 1, 1) * torch.randn_like(pictures)
        truth = labels(scenes)
        loss = sum(F.cross_entropy(logits, truth[part]) for part, logits in network(pictures).items())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        training.log(50, loss=loss.detach())
    return network.eval()
