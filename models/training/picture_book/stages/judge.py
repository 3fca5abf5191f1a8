"""Every figure that the model must reach, on held-out prompts as people type them, into accuracy.json.

One step, and 25 guided steps of the same weights; a classifier that the generator never met reads the pictures back.
"""

import json
import os
import random

import numpy as np
import torch

from coupling import directions, numbers
from model_folder import Model
from picture_book import composer
from picture_book.captions import caption
from picture_book.classifier import accuracy, load_classifier, small
from picture_book.figures import fine_energy, frechet, nearest, spread
from lpips import load_lpips
from picture_book.scene_cache import load_world
from picture_book.subjects import NAMED
from training import write_figures

MANY_STEPS, SEEDS, RENDERS, NEAR = 25, 16, 16, 48


class Judge:
    def __init__(self, settings, folder, path, judges, size):
        self.settings, self.folder, self.size = settings, folder, size
        self.model, self.classifier, self.lpips = Model(path), load_classifier(settings, folder), load_lpips(judges)
        self.model.latent_size = size // 8
        self.world, self.sprites = load_world(folder, NAMED)
        if self.classifier is None:
            raise SystemExit("run the stage classifier first")

    def scenes(self, seed, count, kept_back=False):
        """With captions as people type them."""
        rng = random.Random(seed)
        scenes = [self.world.sample(rng, kept_back) for _ in range(count)]
        return scenes, [caption(scene, rng) for scene in scenes]

    def renders(self, scenes, seed):
        chance = np.random.default_rng(seed)
        made = [composer.render(s, chance.standard_normal(composer.CHANCES), self.size, self.sprites)[0] for s in scenes]
        return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2) / 255.0

    def one_step(self, captions, noise):
        return self.model.generate(captions, noise).permute(0, 3, 1, 2) / 255.0

    def many_steps(self, captions, noise):
        return self.model.sample(captions, noise, MANY_STEPS, self.settings.guidance).permute(0, 3, 1, 2) / 255.0

    @torch.no_grad()
    def features(self, pictures):
        return torch.cat([self.classifier.features(small(some)) for some in pictures.split(64)])

    def told(self):
        """What is read back, and how sharp and how far from true renders the pictures are."""
        few, figures = self.settings.judged_slowly, {}
        for name, kept_back in (("like the training", False), ("kept-back pairs", True)):
            scenes, captions = self.scenes(12 + kept_back, self.settings.judged, kept_back)
            noise, true = self.model.noise(len(captions), 14), self.renders(scenes, 15)
            one, many = self.one_step(captions, noise), self.many_steps(captions[:few], noise[:few])
            figures[name] = {
                "true renders": accuracy(self.classifier, true, scenes), "one step": accuracy(self.classifier, one, scenes),
                f"{MANY_STEPS} steps": accuracy(self.classifier, many, scenes[:few])}
            if not kept_back:
                figures["sharpness, % of true renders"] = round(100 * fine_energy(one) / fine_energy(true), 1)
                known = self.features(self.renders(scenes, 16))
                distances = {"one step": frechet(self.features(one)[:few], known[:few]),
                             f"{MANY_STEPS} steps": frechet(self.features(many), known[:few]),
                             "true renders": frechet(self.features(true)[:few], known[:few])}
                figures["Frechet distance"] = {key: round(value, 3) for key, value in distances.items()}
                figures["Frechet distance, one step over many"] = round(distances["one step"] / distances[f"{MANY_STEPS} steps"], 2)
        return figures

    def near(self):
        """LPIPS to the nearest of some true renders of the same scene, and a true render's own."""
        if self.lpips is None:
            return {}
        scenes, captions = self.scenes(21, min(NEAR, self.settings.judged))
        pictures, true = self.one_step(captions, self.model.noise(len(captions), 22)), self.renders(scenes, 23)
        ours = theirs = 0.0
        for i, scene in enumerate(scenes):
            renders = self.renders([scene] * RENDERS, 100 + i)
            with torch.no_grad():
                ours += nearest(self.lpips, pictures[i], renders) / len(scenes)
                theirs += nearest(self.lpips, true[i], renders) / len(scenes)
        return {"LPIPS to the nearest of 16 true renders": {
            "one step": round(ours, 4), "another true render": round(theirs, 4), "over": round(ours / theirs, 3)}}

    def diversity(self):
        """How far apart one caption's pictures are from 16 seeds, with and without the directions that chance is told in."""
        scenes, captions = self.scenes(31, self.settings.judged_twice)
        sums = {"one step": [], "without the directions": [], "true renders": []}
        for i, (scene, text) in enumerate(zip(scenes, captions)):
            noise = self.model.noise(SEEDS, 32 + i)
            along = directions(composer.CHANCES, *noise.shape[1:3])
            alike = noise - torch.einsum("nk,kchw->nchw", numbers(noise, composer.CHANCES), along)
            sums["one step"].append(spread(self.one_step([text] * SEEDS, noise)))
            sums["without the directions"].append(spread(self.one_step([text] * SEEDS, alike)))
            sums["true renders"].append(spread(self.renders([scene] * SEEDS, 300 + i)))
        means = {name: sum(values) / len(values) for name, values in sums.items()}
        open_ones = [v for v, scene in zip(sums["one step"], scenes) if scene.relation == "alone" and not scene.is_sticker
                     and scene.count == 1 and scene.place == scene.size == "any"]
        return {"diversity of 16 seeds": {
            **{name: round(value, 4) for name, value in means.items()},
            "% of true renders": round(100 * means["one step"] / means["true renders"], 1),
            "% without the directions": round(100 * means["without the directions"] / means["true renders"], 1),
            "of captions that leave most open": round(sum(open_ones) / len(open_ones), 4) if open_ones else None}}


def run(settings, folder, path, judges=None, **_):
    figures = {"prompts": settings.judged}
    for size in (settings.size, settings.size // 2):
        judge = Judge(settings, folder, path, judges, size)
        figures[f"{size}x{size}"] = {**judge.told(), **judge.near(), **judge.diversity()}
    made = os.path.join(folder, "vae.json")
    if os.path.exists(made):
        with open(made) as file:
            figures["autoencoder"] = json.load(file)
    write_figures(os.path.join(path, "accuracy.json"), figures)
