"""Reads a picture's attributes back. Trained apart from the model, on true renders alone: see the stage `classifier`."""

import os

import torch
from torch import nn
from torch.nn import functional as F

from world.attributes import NOTHING, SHOWN, labels
from world.scenes import COLOURS, GROUNDS, SHELTERED
from world.subjects import NAMED

GRID = 16
ROLES = ("nobody", "subject", "other")
OF_CELLS = {"role": len(ROLES), "noun": len(NAMED), "colour": len(NOTHING + COLOURS)}
OF_PICTURES = {**{part: len(values) for part, values in SHOWN.items() if part.split("_")[-1] not in ("subject", "other", "colour")},
               "nothing": 1}


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        return F.relu(x + self.body(x))


class Classifier(nn.Module):
    """Pictures of 128x128 in 0..1 to one group of logits a part; `features` are for Fréchet distances.

    What a thing is and its colour are told by every cell of a grid, and whose cell it is: the subject's, the other's or nobody's.
    A picture's subject is what the subject's cells say in the mean, so that of two things neither is lost in the other.
    """

    def __init__(self, widths):
        super().__init__()
        self.body, inputs = nn.ModuleList(), 3
        for i, outputs in enumerate(widths):
            self.body.append(nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
                *[Residual(outputs) for _ in range(int(i > 0))]))
            inputs = outputs
        self.narrow = nn.Sequential(nn.AdaptiveAvgPool2d(8), nn.Conv2d(inputs, 48, 1), nn.ReLU(), nn.Flatten(),
                                    nn.Linear(48 * 64, 256), nn.ReLU())
        self.most = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(256 + inputs, sum(OF_PICTURES.values())))
        self.near, self.far = nn.Conv2d(widths[-2], inputs, 1, bias=False), nn.Conv2d(inputs, inputs, 1, bias=False)
        self.cells = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(), Residual(inputs), nn.Conv2d(inputs, sum(OF_CELLS.values()), 1))

    def see(self, pictures):
        """The grid's features, GRID on a side, and those of half its side."""
        x = pictures * 2 - 1
        for level in self.body[:-1]:
            x = level(x)
        return x, self.body[-1](x)

    def describe(self, coarse):
        return torch.cat([self.narrow(coarse), self.most(coarse)], 1)

    def features(self, pictures):
        return self.describe(self.see(pictures)[1])

    def read(self, pictures):
        """A picture's logits by part, and its cells' (n, count, GRID, GRID) by what they tell."""
        fine, coarse = self.see(pictures)
        told = grouped(self.head(self.describe(coarse)), OF_PICTURES)
        cells = grouped(self.cells(self.near(fine) + F.interpolate(self.far(coarse), scale_factor=2.0)), OF_CELLS)
        subject, other = cells["role"].softmax(1)[:, 1:, None].unbind(1)
        whole = {"subject": pooled(cells["noun"], subject), "colour": pooled(cells["colour"], subject),
                 "other": torch.cat([told.pop("nothing"), pooled(cells["noun"], other)], 1),
                 "other_colour": pooled(cells["colour"], other)}
        return {part: {**told, **whole}[part] for part in SHOWN}, cells

    def forward(self, pictures):
        return self.read(pictures)[0]


def grouped(logits, sizes):
    return dict(zip(sizes, logits.float().split(list(sizes.values()), 1)))


def pooled(logits, shares):
    """The mean of cells' logits, by their shares."""
    return (logits * shares).sum((2, 3)) / (shares.sum((2, 3)) + 1e-3)


def small(pictures):
    """At the size that it reads."""
    return F.interpolate(pictures, size=128, mode="area") if pictures.shape[-1] > 128 else pictures


@torch.no_grad()
def read(network, pictures):
    device = next(network.parameters()).device
    answers = [{part: logits.argmax(1).cpu() for part, logits in network(small(some.to(device))).items()} for some in pictures.split(64)]
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


def load_classifier(settings, folder, device="cpu"):
    """The averaged weights, or None where the stage was not run."""
    path = os.path.join(folder, "classifier.pt")
    if not os.path.exists(path):
        return None
    network = Classifier(settings.classifier_widths)
    network.load_state_dict(torch.load(path, map_location="cpu")["average"])
    return network.eval().requires_grad_(False).to(device)
