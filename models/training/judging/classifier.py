"""Reads a picture's attributes back. Trained apart from the model, on true renders alone: see the stage `classifier`."""

import os

import torch
from torch import nn
from torch.nn import functional as F

from world.attributes import SHOWN, labels
from world.scenes import GROUNDS, SHELTERED


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
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(256 + inputs, sum(map(len, SHOWN.values()))))

    def features(self, pictures):
        seen = self.body(pictures * 2 - 1)
        return torch.cat([self.narrow(seen), self.most(seen)], 1)

    def forward(self, pictures):
        logits = self.head(self.features(pictures))
        return dict(zip(SHOWN, logits.float().split([len(values) for values in SHOWN.values()], 1)))


def small(pictures):
    """At the size that it reads."""
    return F.interpolate(pictures, size=128, mode="area") if pictures.shape[-1] > 128 else pictures


@torch.no_grad()
def read(network, pictures):
    answers = [{part: logits.argmax(1) for part, logits in network(small(some)).items()} for some in pictures.split(64)]
    return {part: torch.cat([answer[part] for answer in answers]) for part in SHOWN}


def accuracy(network, pictures, scenes):
    """In percent. Colours count where the subject is right and one is asked for; a time and weather where there are any."""
    truth, answers = labels(scenes), read(network, pictures)
    right = {part: answers[part] == truth[part] for part in SHOWN}
    asked = {"subject": torch.ones(len(scenes), dtype=torch.bool),
             "colour of the right subject": right["subject"] & (truth["colour"] > 0),
             "count": torch.tensor([scene.relation == "alone" for scene in scenes]),
             "relation": truth["relation"] > 0, "other": truth["other"] > 0,
             "time": torch.tensor([scene.ground in GROUNDS and scene.ground not in SHELTERED for scene in scenes]),
             "ground": torch.ones(len(scenes), dtype=torch.bool),
             "weather": torch.tensor([scene.weather != "clear" for scene in scenes])}
    return {name: round(100 * right[name.split()[0]][which].float().mean().item(), 1) if which.any() else None
            for name, which in asked.items()}


def load_classifier(settings, folder):
    """The averaged weights, or None where the stage was not run."""
    path = os.path.join(folder, "classifier.pt")
    if not os.path.exists(path):
        return None
    network = Classifier(settings.classifier_widths)
    network.load_state_dict(torch.load(path, map_location="cpu")["average"])
    return network.eval().requires_grad_(False)
