"""The classifier that reads pictures back: for the judge, and for the accuracy over training where it is there before."""

import random

import numpy as np
import torch

from picture_book import composer
from picture_book.classifier import accuracy, train_classifier
from picture_book.scene_cache import load_world
from picture_book.subjects import NAMED
from training import write_figures


def true_renders(settings, folder, seed, count, kept_back=False, size=128):
    """Held-out scenes and their renders (n, 3, size, size) in 0..1."""
    world, sprites = load_world(folder, NAMED)
    rng, chance = random.Random(seed), np.random.default_rng(seed)
    scenes = [world.sample(rng, kept_back) for _ in range(count)]
    pictures = [composer.render(s, chance.standard_normal(composer.CHANCES), size, sprites)[0] for s in scenes]
    return scenes, torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) / 255.0


def run(settings, folder, device, minutes, steps, **_):
    network = train_classifier(settings, folder, device, minutes, steps).cpu().eval()
    scenes, pictures = true_renders(settings, folder, 12, settings.judged)
    write_figures(folder + "/classifier.json", {"true renders": accuracy(network, pictures, scenes)})
