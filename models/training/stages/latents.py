"""What the diffusion model learns from: encoded scenes at both sizes, their captions' ids, and a tokenizer for these.

Goes on where it was stopped; what is there can be learnt from meanwhile.
"""

import random
import time

import torch

from networks.vae import load_vae
from teaching.latent_cache import FIRST, LARGE_FIRST, Latents, shares
from training import autocast, share_processor
from world.captions import caption
from world.rendering import Renderer
from world.scene_cache import load_world, own_colours, scene_of
from world.subjects import NAMED
from world.tokenizer import train_words

BATCH = 64
TURNS = 50


class Filler:
    """Renders, tells and encodes scenes; stopped after some minutes it says so, and goes on where it was another time."""

    def __init__(self, settings, folder, device, minutes):
        self.world, self.renderer = load_world(folder, NAMED)[0], Renderer(folder, NAMED)
        self.colours, self.vae, self.device = own_colours(folder), load_vae(settings, folder, device), device
        self.tokenizer = train_words(settings, folder, self.world, self.colours)
        self.until, self.threads = time.time() + 60 * minutes if minutes else float("inf"), torch.get_num_threads()

    def encode(self, pictures):
        pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).to(self.device).float() / 127.5 - 1
        with torch.no_grad(), autocast(self.device):
            return self.vae.encode(pixels.contiguous(memory_format=torch.channels_last)).half().cpu().numpy()

    def fill(self, cache, first, count):
        """Up to so many of the cache's scenes, as far as there is time."""
        for start in range(cache.done, count, BATCH):
            if time.time() > self.until:
                return False
            share_processor(self.threads)
            end = min(start + BATCH, count)
            pictures, masks = self.renderer(range(first + start, first + end), cache.size)
            cache.latents[start:end], cache.masks[start:end] = self.encode(pictures), shares(masks)
            for i in range(start, end):
                scene, cache.chances[i] = scene_of(self.world, first + i)
                rng = random.Random(first + i)
                told = [caption(scene, rng, own_colours=self.colours) for _ in range(cache.ids.shape[1])]
                cache.ids[i] = self.tokenizer(told).numpy()
            cache.note_done(end)
        return True


def run(settings, folder, device, minutes=None, **_):
    """The sizes take turns, so that there are some of both whenever it is stopped."""
    filler = Filler(settings, folder, device, minutes)
    sizes = ((Latents(settings, folder, settings.size // 2, settings.latents), FIRST),
             (Latents(settings, folder, settings.size, settings.latents_large), LARGE_FIRST))
    for turn in range(1, TURNS + 1):
        in_time = all([filler.fill(cache, first, cache.count * turn // TURNS) for cache, first in sizes])
        print("latents:", ", ".join(f"{cache.done} of {cache.count} at {cache.size}" for cache, _ in sizes), flush=True)
        if not in_time:
            break
