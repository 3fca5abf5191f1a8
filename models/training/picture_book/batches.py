"""Cached latents of either size, each with one of its captions and with noise that says what chance decided."""

import numpy as np
import torch

from coupling import couple, numbers
from picture_book.stages.latents import Latents
from training import autocast


class Batches:
    def __init__(self, settings, folder, device, seed):
        self.small = Latents(settings, folder, settings.size // 2, settings.latents)
        self.large = Latents(settings, folder, settings.size, settings.latents_large)
        self.device, self.random = device, np.random.default_rng(seed)

    def draw(self, count, loudness=1.0, large=False):
        """Clean latents, their noise, ids, and where subjects are; a quarter as many of the large ones."""
        cache = self.large if large and self.large.done else self.small
        if cache is self.large:
            count = max(2, count // 8 * 2)
        chosen = np.sort(self.random.integers(cache.done, size=count))
        which = self.random.integers(cache.ids.shape[1], size=count)
        clean = torch.from_numpy(cache.latents[chosen]).float().to(self.device)
        chances = torch.from_numpy(cache.chances[chosen]).to(self.device)
        ids = torch.from_numpy(cache.ids[chosen, which]).long().to(self.device)
        masks = torch.from_numpy(cache.masks[chosen])[:, None].to(self.device) / 255.0
        return clean, couple(torch.randn_like(clean), chances, loudness), ids, masks

    @torch.no_grad()
    def one_step_errors(self, network, schedule, count):
        """Of one look at noise with each scene's own chances, and with another's: apart, once the network reads them."""
        clean, noise, ids, _ = self.draw(count)
        others = couple(noise, numbers(noise, self.small.chances.shape[1]).roll(1, 0))
        t = torch.full((count,), schedule.last, device=self.device)
        with autocast(self.device):
            answers = [-network(ids, x, t).float() for x in (noise, others)]
        return [(answer - clean).square().mean() for answer in answers]
