"""Renders the scenes that the autoencoder learns from, and writes down what the world consists of."""

import json
import os
import random

import torch

from renderer import Renderer, draw_chances
from world import describe, sample_scene

BATCH = 256     # many, so that scenes that have a part in common are drawn together


def render_all(count, settings, seed, device):
    """Yields (scenes, chances, pixels in 0..1, subject mask) a batch at a time; the same seed gives the same scenes."""
    rng, renderer = random.Random(seed), Renderer(settings.size, device)
    for start in range(0, count, BATCH):
        scenes = [sample_scene(rng) for _ in range(min(BATCH, count - start))]
        chances = draw_chances(len(scenes), seed * 1000003 + start)
        yield (scenes, chances, *renderer(scenes, chances))


def run(settings, folder, device, **_):
    pixels, masks = [], []
    for _, _, picture, mask in render_all(settings.scenes, settings, 1, device):
        pixels.append((picture * 255).round().byte().cpu())
        masks.append((mask * 255).round().byte().cpu())
    torch.save({"pixels": torch.cat(pixels), "masks": torch.cat(masks)}, os.path.join(folder, "scenes.pt"))
    with open(os.path.join(folder, "world.json"), "w") as file:
        json.dump(describe(), file, indent=1)
    print(f"world: {settings.scenes} scenes of {settings.size}x{settings.size}")
