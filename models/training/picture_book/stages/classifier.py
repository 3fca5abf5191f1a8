"""The classifier that reads pictures back: for the judge, and for the accuracy over training where it is there before."""

import random

import numpy as np
import torch

from picture_book import composer
from picture_book.classifier import accuracy, train_classifier
from picture_book.rendering import Renderer
from picture_book.subjects import NAMED
from training import write_figures


def true_renders(folder, seed, count):
    """Held-out scenes and their renders (n, 3, 128, 128) in 0..1."""
    renderer, rng, chance = Renderer(folder, NAMED), random.Random(seed), np.random.default_rng(seed)
    scenes = [renderer.world.sample(rng) for _ in range(count)]
    pictures, _ = renderer.render(scenes, [chance.standard_normal(composer.CHANCES) for _ in scenes], 128)
    return scenes, torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255.0


def run(settings, folder, device, minutes, steps, **_):
    network = train_classifier(settings, folder, device, minutes, steps).cpu().eval()
    scenes, pictures = true_renders(folder, 12, settings.judged)
    write_figures(folder + "/classifier.json", {"true renders": accuracy(network, pictures, scenes)})
