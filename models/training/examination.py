"""How much of what is asked one look shows, while a model is trained: the accuracy over training that `plot` draws."""

import os
import random

import torch

from captions import caption
from classifier import Classifier, accuracy
from stages.vae import load_vae
from world import sample_scene

SEED = 17


def examination(settings, folder, device, tokenizer):
    """Calls to note a network's figures, or to note nothing where the stage `classifier` was not run before."""
    path = os.path.join(folder, "classifier.pt")
    return Examination(settings, folder, path, device, tokenizer) if os.path.exists(path) else lambda *_: {}


class Examination:
    """The same captions and the same noise every time."""

    def __init__(self, settings, folder, path, device, tokenizer):
        rng = random.Random(SEED)
        self.scenes = [sample_scene(rng) for _ in range(settings.examined)]
        self.ids = tokenizer([caption(scene, rng, complete=True) for scene in self.scenes]).to(device)
        self.device, self.classifier, self.vae = device, Classifier(), load_vae(settings, folder, device)
        self.noise = torch.randn(len(self.scenes), 8, *[settings.size // 8] * 2, generator=torch.Generator().manual_seed(SEED))
        self.classifier.load_state_dict(torch.load(path, map_location="cpu")["average"])
        self.classifier.eval()

    @torch.no_grad()
    def __call__(self, network, schedule):
        noise = self.noise.to(self.device)
        t = torch.full((len(noise),), schedule.last, device=self.device)
        pictures = self.vae.decode(schedule.x0(noise, network(self.ids, noise, t), t)) / 2 + 0.5
        figures = accuracy(self.classifier, pictures.float().clamp(0, 1).cpu(), self.scenes)
        return {part.replace(" ", "_"): figures[part] for part in ("subjects and colours", "counts and places")}
