"""How often one-step pictures show what their captions ask, as a separately trained classifier reads them back."""

import json
import os
import random

import torch
from torch import nn
from torch.nn import functional as F

from captions import caption
from model_folder import Model
from stages.world import render_all
from training import Training, set_rate
from world import COLOURS, COUNTS, GROUNDS, PLACES, SUBJECTS, TIMES, sample_scene

PARTS = {"subject": SUBJECTS, "colour": tuple(COLOURS), "count": COUNTS, "place": PLACES, "time": TIMES, "ground": GROUNDS}


class Classifier(nn.Module):
    """Pictures in 0..1, at half size, to one group of logits a part."""

    def __init__(self):
        super().__init__()
        widths = (3, 32, 48, 64, 96)
        self.body = nn.Sequential(*(layer for inputs, outputs in zip(widths, widths[1:]) for layer in (
            nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())))
        self.head = nn.Sequential(nn.Flatten(), nn.LazyLinear(128), nn.ReLU(), nn.Dropout(0.2),
                                  nn.Linear(128, sum(map(len, PARTS.values()))))

    def forward(self, pictures):
        logits = self.head(self.body(F.avg_pool2d(pictures, 2) * 2 - 1))
        return dict(zip(PARTS, logits.split([len(values) for values in PARTS.values()], 1)))


def labels(scenes):
    return {part: torch.tensor([values.index(getattr(scene, part)) for scene in scenes]) for part, values in PARTS.items()}


def accuracy(network, pictures, scenes):
    truth = labels(scenes)
    with torch.no_grad():
        answers = {part: torch.cat(parts) for part, parts in zip(PARTS, zip(*(
            [logits.argmax(1) for logits in network(some).values()] for some in pictures.split(64))))}
    right = {part: answers[part] == truth[part] for part in PARTS}
    figures = {part: right[part].float().mean().item() for part in PARTS}
    figures["subject and colour"] = (right["subject"] & right["colour"]).float().mean().item()
    return {part: round(100 * value, 1) for part, value in figures.items()}


def train_classifier(settings, folder, minutes, steps):
    """On the autoencoder's scenes, whose attributes the seed gives again."""
    data, rng = torch.load(os.path.join(folder, "scenes.pt")), random.Random(1)
    pixels, truth = data["pixels"], labels([sample_scene(rng) for _ in range(len(data["pixels"]))])
    network = Classifier()
    network(pixels[:2] / 255.0)
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.05)
    training = Training(folder, "judge", {"network": network, "optimiser": optimiser}, minutes, steps)
    for _ in training:
        set_rate(optimiser, training.rate(2e-3))
        chosen = torch.randint(len(pixels), (64,))
        # Noise and blur are forgiven, as by an eye.
        pictures = pixels[chosen] / 255.0
        pictures = pictures + 0.05 * torch.rand(1) * torch.randn_like(pictures)
        loss = sum(F.cross_entropy(logits, truth[part][chosen]) for part, logits in network(pictures).items())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        training.log(50, loss=loss.detach())
    return network.eval()


def run(settings, folder, minutes, steps, path, **_):
    network = train_classifier(settings, folder, minutes, steps)
    batches = list(render_all(settings.judged, settings, 12, "cpu"))
    scenes = [scene for batch, _, _ in batches for scene in batch]
    renders = torch.cat([pictures for _, pictures, _ in batches])
    model, rng = Model(path), random.Random(13)
    prompts = [caption(scene, rng) for scene in scenes]
    pictures = model.generate(prompts, model.noise(len(prompts), 14)).permute(0, 3, 1, 2) / 255.0
    figures = {"prompts": len(scenes), "true renders": accuracy(network, renders, scenes),
               "one step": accuracy(network, pictures, scenes)}
    with open(os.path.join(path, "accuracy.json"), "w") as file:
        json.dump(figures, file, indent=1)
        file.write("\n")
    print(json.dumps(figures, indent=1))
