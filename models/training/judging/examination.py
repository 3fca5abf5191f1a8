"""How much of what is asked one look shows, and how it looks, while a model is trained: figures and a sheet."""

import os
import random

import torch
from PIL import Image

from judging.classifier import accuracy, load_classifier
from networks.vae import load_vae
from world.captions import caption
from world.scene_cache import load_world
from world.subjects import NAMED

SEED, SHOWN = 17, 32
PROMPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "picture-book", "prompts.txt")


class Examination:
    """The same captions and the same noise every time."""

    def __init__(self, settings, folder, device, tokenizer, stage):
        rng, world = random.Random(SEED), load_world(folder, NAMED)[0]
        self.scenes = [world.sample(rng) for _ in range(settings.examined)]
        self.ids = tokenizer([caption(scene, rng, complete=True) for scene in self.scenes]).to(device)
        with open(PROMPTS, encoding="utf-8") as file:
            self.shown = tokenizer(file.read().splitlines()[:SHOWN]).to(device)
        self.device, self.classifier, self.vae = device, load_classifier(settings, folder, device), load_vae(settings, folder, device)
        self.side, self.sheet = settings.size // 16, os.path.join(folder, stage + ".png")

    @torch.no_grad()
    def pictures(self, network, schedule, ids):
        noise = torch.randn(len(ids), 8, self.side, self.side, generator=torch.Generator().manual_seed(SEED)).to(self.device)
        answers = []
        for some, x in zip(ids.split(16), noise.split(16)):
            t = torch.full((len(x),), schedule.last, device=self.device)
            answers.append(self.vae.decode(schedule.x0(x, network(some, x, t), t)).float().cpu() / 2 + 0.5)
        return torch.cat(answers).clamp(0, 1)

    def __call__(self, network, schedule):
        shown = self.pictures(network, schedule, self.shown)
        rows = [torch.cat(list(row), 2) for row in shown.split(8) if len(row) == 8]
        Image.fromarray((torch.cat(rows, 1) * 255).round().byte().permute(1, 2, 0).numpy()).save(self.sheet)
        if self.classifier is None:
            return {}
        figures = accuracy(self.classifier, self.pictures(network, schedule, self.ids), self.scenes)
        return {name.replace(" ", "_"): value for name, value in figures.items() if value is not None}
