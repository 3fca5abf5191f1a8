"""What the model's pictures show of what their captions ask, as a separately trained classifier reads them back.

One step, and 25 guided steps of the same weights, on scenes like those of the training and on pairs that were kept back;
how much pictures of one caption differ, beside how much true renders of it do.
"""

import os
import random

import torch

from captions import caption
from classifier import accuracy, train_classifier
from model_folder import Model
from renderer import Renderer, draw_chances
from training import write_figures
from world import sample_scene

MANY_STEPS, SEEDS = 25, 16


def asked(settings, seed, kept_back=False):
    """Scenes, captions that leave nothing graded unsaid, and true renders."""
    rng = random.Random(seed)
    scenes = [sample_scene(rng, kept_back) for _ in range(settings.judged)]
    return scenes, [caption(scene, rng, complete=True) for scene in scenes], Renderer(settings.size)(
        scenes, draw_chances(len(scenes), seed))[0]


def spread(pictures):
    """The mean distance, root of the mean square, between any two of some pictures."""
    flat = pictures.flatten(1)
    distances = torch.cdist(flat, flat) / flat.shape[1] ** 0.5
    return distances.sum() / (len(flat) * (len(flat) - 1))


def diversity(model, settings, seed):
    """How far apart one caption's pictures are, as a share of what true renders of it are."""
    scenes, captions, _ = asked(settings, seed)
    ours = true = 0.0
    for i in range(min(settings.judged_twice, len(scenes))):
        ours += spread(as_pictures(model.generate([captions[i]] * SEEDS, model.noise(SEEDS, seed + i))))
        true += spread(Renderer(settings.size)([scenes[i]] * SEEDS, draw_chances(SEEDS, seed + i))[0])
    return round(100 * float(ours / true), 1)


def as_pictures(pixels):
    return pixels.permute(0, 3, 1, 2) / 255.0


def run(settings, folder, minutes, steps, path, **_):
    network, model = train_classifier(settings, folder, minutes, steps), Model(path)
    few = settings.judged_slowly
    figures = {"prompts": settings.judged, f"prompts of {MANY_STEPS} steps": few}
    for name, kept_back in (("like the training", False), ("never trained", True)):
        scenes, captions, renders = asked(settings, 12 + kept_back, kept_back)
        noise = model.noise(len(captions), 14)
        figures[name] = {
            "true renders": accuracy(network, renders, scenes),
            "one step": accuracy(network, as_pictures(model.generate(captions, noise)), scenes),
            f"{MANY_STEPS} steps": accuracy(network, as_pictures(model.sample(
                captions[:few], noise[:few], MANY_STEPS, settings.guidance)), scenes[:few])}
    figures["diversity"] = diversity(model, settings, 15)
    write_figures(os.path.join(path, "accuracy.json"), figures)
