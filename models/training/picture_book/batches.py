"""Cached latents of either size, each with one of its captions and with noise that says what chance decided."""

import functools

import numpy as np
import torch

from coupling import couple, numbers
from picture_book import composer
from picture_book.scene_cache import load_world, scene_of
from picture_book.stages.latents import FIRST, LARGE_FIRST, Latents
from picture_book.subjects import NAMED
from training import autocast


class Batches:
    def __init__(self, settings, folder, device, seed):
        self.small = Latents(settings, folder, settings.size // 2, settings.latents)
        self.large = Latents(settings, folder, settings.size, settings.latents_large)
        self.device, self.random = device, np.random.default_rng(seed)
        self.world, self.sprites = load_world(folder, NAMED)
        self.first = {self.small: FIRST, self.large: LARGE_FIRST}

    @functools.cached_property
    def unmirrored(self):
        return {cache: np.array([i for i in range(cache.done) if composer.none_is_mirrored(*self.scene(cache, i))])
                for cache in self.first}

    def scene(self, cache, number):
        """With its chances."""
        return scene_of(self.world, self.first[cache] + int(number))

    def draw(self, count, loudness=1.0, large=False, mirrored=True):
        """Clean latents, their noise, ids, and which these are, for `chances` and `places`; a quarter as many of the large ones. Of all
        scenes, or of those alone in which nothing is mirrored."""
        cache = self.large if large and self.large.done else self.small
        if cache is self.large:
            count = max(2, count // 8 * 2)
        among = np.arange(cache.done) if mirrored else self.unmirrored[cache]
        chosen = np.sort(self.random.choice(among, size=count))
        which = self.random.integers(cache.ids.shape[1], size=count)
        clean = torch.from_numpy(cache.latents[chosen]).float().to(self.device)
        ids = torch.from_numpy(cache.ids[chosen, which]).long().to(self.device)
        return clean, couple(torch.randn_like(clean), self.chances(cache, chosen), loudness), ids, (cache, chosen)

    def chances(self, cache, chosen):
        return torch.from_numpy(cache.chances[chosen]).to(self.device)

    def places(self, cache, chosen):
        """Where subjects are: their share of every latent, and behind it `composer.whereabouts`."""
        where = [composer.whereabouts(*self.scene(cache, i), cache.masks.shape[-1], self.sprites) for i in chosen]
        shares = cache.masks[chosen][:, None] / np.float32(255)
        return torch.from_numpy(np.concatenate([shares, np.stack(where)], 1)).to(self.device)

    @torch.no_grad()
    def one_step_errors(self, network, schedule, count):
        """Of one look at noise with each scene's own chances, and with another's: apart, once the network reads them."""
        clean, noise, ids, _ = self.draw(count)
        others = couple(noise, numbers(noise, self.small.chances.shape[1]).roll(1, 0))
        t = torch.full((count,), schedule.last, device=self.device)
        with autocast(self.device):
            answers = [-network(ids, x, t).float() for x in (noise, others)]
        return [(answer - clean).square().mean() for answer in answers]
