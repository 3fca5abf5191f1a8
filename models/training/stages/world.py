"""Renders the scenes that the autoencoder learns from, and writes down what the world consists of."""

import json
import os
import random

import torch

from renderer import Renderer
from world import describe, sample_scene


def render_all(count, settings, seed, device):
    """Yields (scenes, pixels in 0..1, subject mask) a batch at a time; the same seed gives the same scenes."""
    rng, renderer = random.Random(seed), Renderer(settings.size, device)
    for start in range(0, count, 64):
        scenes = [sample_scene(rng) for _ in range(min(64, count - start))]
        yield (scenes, *renderer(scenes, seed * 1000003 + start))


def run(settings, folder, device, **_):
    pixels, masks = [], []
    for _, picture, mask in render_all(settings.scenes, settings, 1, device):
        pixels.append((picture * 255).round().byte().cpu())
        masks.append((mask * 255).round().byte().cpu())
    torch.save({"pixels": torch.cat(pixels), "masks": torch.cat(masks)}, os.path.join(folder, "scenes.pt"))
    with open(os.path.join(folder, "world.json"), "w") as file:
        json.dump(describe(), file, indent=1)
    print(f"world: {settings.scenes} scenes of {settings.size}x{settings.size}")
