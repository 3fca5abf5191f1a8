"""Cached latents of either size, each with one of its captions and with noise that says what chance decided."""

import torch
from torch.nn import functional as F

from networks.coupling import couple, numbers
from teaching.latent_cache import Latents
from teaching.meanings import portraits
from training import autocast
from world import composer

LOOKED_FOR_MORE = 100       # batches, after which a cache may have grown


class Shelf:
    """A cache's parts where they are wanted: a processor reads the mapped files, a GPU keeps copies."""

    def __init__(self, cache, device):
        self.cache, self.is_copy, self.ready = cache, device != "cpu", 0
        self.files = {part: torch.from_numpy(getattr(cache, part)) for part in Latents.PARTS}
        self.parts = {part: torch.empty_like(file, device=device) if self.is_copy else file for part, file in self.files.items()}

    def look_for_more(self):
        done = self.cache.done
        if self.is_copy and done > self.ready:
            for part, file in self.files.items():
                self.parts[part][self.ready:done].copy_(file[self.ready:done])
        self.ready = done


def error_weights(shares, subject_weight):
    """Of every latent's error, by the shares (n, 1, side, side) that subjects have in them; of a mean of 1 in each picture."""
    weights = 1 + (subject_weight - 1) * shares
    return weights / weights.mean((1, 2, 3), keepdim=True)


class Batches:
    def __init__(self, settings, folder, device, seed):
        self.small, self.large = (Shelf(Latents(settings, folder, size, count), device) for size, count in (
            (settings.size // 2, settings.latents), (settings.size, settings.latents_large)))
        self.device, self.random, self.drawn = device, torch.Generator(device).manual_seed(seed), 0
        self.table = portraits(settings, folder, device).to(device)

    def choose(self, below, count):
        return torch.randint(below, (count,), generator=self.random, device=self.device)

    def draw(self, count, loudness=1.0, large=False):
        """Clean latents, their noise, ids, and which these are, for `chances` and `sights`; a quarter as many of the large ones."""
        if self.drawn % LOOKED_FOR_MORE == 0:
            self.small.look_for_more()
            self.large.look_for_more()
        self.drawn += 1
        shelf = self.large if large and self.large.ready else self.small
        if shelf is self.large:
            count = max(2, count // 8 * 2)
        chosen = self.choose(shelf.ready, count).sort().values
        clean = shelf.parts["latents"][chosen].float()
        ids = shelf.parts["ids"][chosen, self.choose(shelf.parts["ids"].shape[1], count)].long()
        drawn = shelf, chosen
        return clean, couple(torch.randn_like(clean), self.chances(*drawn), loudness), ids, drawn

    def chances(self, shelf, chosen):
        return composer.as_told(shelf.parts["chances"][chosen])

    def shares(self, shelf, chosen):
        """What part of every latent is of a subject: (n, 1, side, side)."""
        return shelf.parts["masks"][chosen][:, None].float() / 255

    def sights(self, shelf, chosen):
        """Where subjects are (n, 4, side, side): their share of every latent, and behind it `composer.whereabouts`; and how that part
        looks in its subject's portrait (n, 9, side, side)."""
        where = shelf.parts["where"][chosen].float()
        points = where[:, :2].permute(0, 2, 3, 1)
        first, second = (F.grid_sample(self.table[rows], points, padding_mode="border", align_corners=False)
                         for rows in shelf.parts["rows"][chosen].long().unbind(1))
        return torch.cat([self.shares(shelf, chosen), where], 1), torch.where(where[:, 2:] > 0, second, first)

    @torch.no_grad()
    def one_step_errors(self, network, schedule, count):
        """Of one look at noise with each scene's own chances, and with another's: apart, once the network reads them."""
        clean, noise, ids, _ = self.draw(count)
        others = couple(noise, numbers(noise, composer.CHANCES).roll(1, 0))
        t = torch.full((count,), schedule.last, device=self.device)
        with autocast(self.device):
            answers = [-network(ids, x, t).float() for x in (noise, others)]
        return [(answer - clean).square().mean() for answer in answers]
