"""What a model is judged by: held-out scenes and captions, true renders of them, its pictures, and the classifier's view."""

import random

import numpy as np
import torch

from judging.classifier import load_classifier, read, small
from judging.model_folder import Model
from networks.lpips import load_lpips
from training import autocast
from world import composer
from world.attributes import labels
from world.captions import caption
from world.rendering import Renderer
from world.scenes import kept_pairs

MANY_STEPS = 25


class Judge:
    def __init__(self, settings, folder, path, judges, size, device, nouns=None):
        """Of the subjects that the model says it knows, unless others are given."""
        self.settings, self.size = settings, size
        self.model, self.classifier = Model(path, device), load_classifier(settings, folder, device)
        self.lpips, self.device = load_lpips(judges, device), device
        self.model.latent_size = size // 8
        self.renderer = Renderer(folder, nouns or self.model.subjects)
        if self.classifier is None:
            raise SystemExit("run the stage classifier first")

    def scenes(self, seed, count, kept_back=False):
        """With captions as people type them."""
        rng = random.Random(seed)
        scenes = [self.renderer.world.sample(rng, kept_back) for _ in range(count)]
        return scenes, [caption(scene, rng) for scene in scenes]

    def renders(self, scenes, seed):
        chance = np.random.default_rng(seed)
        chances = [chance.standard_normal(composer.CHANCES) for _ in scenes]
        return as_pictures(torch.from_numpy(self.renderer.render(scenes, chances, self.size)[0]))

    # Networks in bfloat16 where that is fast, since there are many thousands of pictures: 54 dB from float32's.
    def one_step(self, captions, noise):
        with autocast(self.device):
            return as_pictures(self.model.generate(captions, noise))

    def many_steps(self, captions, noise):
        with autocast(self.device):
            return as_pictures(self.model.sample(captions, noise, MANY_STEPS, self.settings.guidance))

    @torch.no_grad()
    def features(self, pictures):
        return torch.cat([self.classifier.features(small(some.to(self.device))).cpu() for some in pictures.split(64)])

    def kept_pairs_right(self, pictures, scenes):
        """Of pairs that were never trained, the percentage of which both halves are seen."""
        truth, answers = labels(scenes), read(self.classifier, pictures)
        right = [all((answers[part][i] == truth[part][i]).item() for part in map(seen_part(scene), pair))
                 for i, scene in enumerate(scenes) for pair in kept_pairs(scene)]
        return round(100 * sum(right) / len(right), 1)


def as_pictures(pixels):
    return pixels.permute(0, 3, 1, 2) / 255.0


def seen_part(scene):
    """What the classifier calls an attribute: of "this right of that" it names that first."""
    turned = {"subject": "other", "colour": "other_colour", "other": "subject", "other_colour": "colour"}
    return (lambda part: turned.get(part, part)) if scene.relation == "right of" else (lambda part: part)
