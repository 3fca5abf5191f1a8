"""Which of its subjects a model draws well enough to say that it knows them: words.json and world.json name no others.

Each is drawn from several seeds, alone, by captions as people type them that the judge never asks, and read back by the
classifier; known.json has how often each was right. What it was taught and does not know is still drawn, as well as it can be,
with the engine's note that the word is unknown.
"""

import os
import random

from judging.classifier import read
from judging.judge import Judge
from judging.model_folder import before_gan
from stages.export import write_words
from training import write_figures
from world.attributes import labels
from world.captions import caption
from world.subjects import NAMED

SEED = 51


def looks(world, count, rng):
    """Of every subject some scenes where it is alone."""
    scenes = {noun: [] for noun in world.nouns}
    while min(map(len, scenes.values())) < count:
        scene = world.sample(rng)
        if scene.relation == "alone" and len(scenes[scene.subject]) < count:
            scenes[scene.subject].append(scene)
    return [scene for own in scenes.values() for scene in own]


def run(settings, folder, path, device, **_):
    judge = Judge(settings, folder, path, None, settings.size, device, NAMED)
    rng = random.Random(SEED)
    scenes = looks(judge.renderer.world, settings.known_looks, rng)
    pictures = judge.one_step([caption(scene, rng) for scene in scenes], judge.model.noise(len(scenes), SEED))
    right = (read(judge.classifier, pictures)["subject"] == labels(scenes)["subject"]).view(len(NAMED), -1).float().mean(1)
    shares = {noun: round(100 * share, 1) for noun, share in zip(NAMED, right.tolist())}
    known = tuple(noun for noun in NAMED if shares[noun] >= settings.known_from)
    for model in filter(os.path.exists, (path, before_gan(folder))):
        write_words(model, known)
    write_figures(os.path.join(path, "known.json"), {
        "looks": settings.known_looks, "known_from": settings.known_from, "known": len(known), "taught": len(NAMED),
        "right": dict(sorted(shares.items(), key=lambda pair: -pair[1]))})
