"""Cached latents of either size, each with one of its captions and with noise that says what chance decided."""

import numpy as np
import torch
from torch.nn import functional as F

from networks.coupling import couple, numbers
from teaching.latent_cache import FIRST, LARGE_FIRST, Latents
from teaching.meanings import Looks
from training import autocast
from world import composer
from world.scene_cache import load_world, scene_of
from world.subjects import NAMED


class Batches:
    def __init__(self, settings, folder, device, seed):
        self.small = Latents(settings, folder, settings.size // 2, settings.latents)
        self.large = Latents(settings, folder, settings.size, settings.latents_large)
        self.device, self.random = device, np.random.default_rng(seed)
        self.world, self.sprites = load_world(folder, NAMED)
        self.looks = Looks(settings, folder, device)
        self.first = {self.small: FIRST, self.large: LARGE_FIRST}

    def scene(self, cache, number):
        """With its chances."""
        return scene_of(self.world, self.first[cache] + int(number))

    def draw(self, count, loudness=1.0, large=False):
        """Clean latents, their noise, ids, and which these are, for `chances` and `sights`; a quarter as many of the large ones."""
        cache = self.large if large and self.large.done else self.small
        if cache is self.large:
            count = max(2, count // 8 * 2)
        chosen = np.sort(self.random.integers(cache.done, size=count))
        which = self.random.integers(cache.ids.shape[1], size=count)
        clean = torch.from_numpy(cache.latents[chosen]).float().to(self.device)
        ids = torch.from_numpy(cache.ids[chosen, which]).long().to(self.device)
        return clean, couple(torch.randn_like(clean), self.chances(cache, chosen), loudness), ids, (cache, chosen)

    def chances(self, cache, chosen):
        return torch.from_numpy(composer.as_told(cache.chances[chosen])).to(self.device)

    def sights(self, cache, chosen):
        """Where subjects are (n, 4, side, side): their share of every latent, and behind it `composer.whereabouts`; and how that part
        looks in its subject's portrait (n, 8, side, side)."""
        scenes = [self.scene(cache, i) for i in chosen]
        where = torch.from_numpy(np.stack([composer.whereabouts(*both, cache.masks.shape[-1], self.sprites) for both in scenes]))
        shares = torch.from_numpy(cache.masks[chosen][:, None] / np.float32(255))
        points = where[:, :2].permute(0, 2, 3, 1)
        first, second = (F.grid_sample(portrait, points, padding_mode="border", align_corners=False)
                         for portrait in self.looks.of([scene for scene, _ in scenes]).unbind(1))
        look = torch.where(where[:, 2:] > 0, second, first)
        return torch.cat([shares, where], 1).to(self.device), look.to(self.device)

    @torch.no_grad()
    def one_step_errors(self, network, schedule, count):
        """Of one look at noise with each scene's own chances, and with another's: apart, once the network reads them."""
        clean, noise, ids, _ = self.draw(count)
        others = couple(noise, numbers(noise, composer.CHANCES).roll(1, 0))
        t = torch.full((count,), schedule.last, device=self.device)
        with autocast(self.device):
            answers = [-network(ids, x, t).float() for x in (noise, others)]
        return [(answer - clean).square().mean() for answer in answers]
