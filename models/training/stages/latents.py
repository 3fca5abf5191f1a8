"""What the diffusion model learns from: encoded scenes at both sizes, their captions' ids, and a tokenizer for these.

Goes on where it was stopped; what is there can be learnt from meanwhile.
"""

import random
import time

import numpy as np
import torch

from networks.vae import load_vae
from teaching.latent_cache import FIRST, LARGE_FIRST, Latents, shares
from teaching.meanings import PortraitRows
from training import autocast, share_processor
from world import composer
from world.captions import caption
from world.rendering import Crew
from world.scene_cache import load_world, own_colours, scene_of
from world.subjects import NAMED
from world.tokenizer import Tokenizer, train_words

BATCH = 64
TURNS = 50


class Teller:
    """Renders scenes by their numbers and tells what is known of them: pictures, and the cache's parts but for the latents."""

    def __init__(self, settings, folder):
        self.world, self.sprites = load_world(folder, NAMED)
        self.colours, self.rows = own_colours(folder), PortraitRows(self.world)
        self.tokenizer, self.captions = Tokenizer(folder, settings.text_length), settings.captions_per_scene

    def ids(self, scene, number):
        rng = random.Random(number)
        return self.tokenizer([caption(scene, rng, own_colours=self.colours) for _ in range(self.captions)]).numpy()

    def __call__(self, numbers, size):
        scenes = [scene_of(self.world, number) for number in numbers]
        pictures, masks = zip(*(composer.render(*scene, size, self.sprites) for scene in scenes))
        return np.stack(pictures), {
            "masks": shares(np.stack(masks)),
            "where": np.stack([composer.whereabouts(*scene, size // 8, self.sprites) for scene in scenes]),
            "rows": [self.rows.of(scene) for scene, _ in scenes], "chances": np.stack([chances for _, chances in scenes]),
            "ids": np.stack([self.ids(scene, number) for (scene, _), number in zip(scenes, numbers)])}


class Filler:
    """Encodes what tellers tell; stopped after some minutes it says so, and goes on where it was another time."""

    def __init__(self, settings, folder, device, minutes):
        train_words(settings, folder, load_world(folder, NAMED)[0], own_colours(folder))
        self.tellers, self.vae, self.device = Crew(Teller, settings, folder), load_vae(settings, folder, device), device
        self.until, self.threads = time.time() + 60 * minutes if minutes else float("inf"), torch.get_num_threads()

    def encode(self, pictures):
        pixels = torch.from_numpy(pictures).permute(0, 3, 1, 2).to(self.device).float() / 127.5 - 1
        with torch.no_grad(), autocast(self.device):
            return self.vae.encode(pixels.contiguous(memory_format=torch.channels_last)).half().cpu().numpy()

    def fill(self, cache, first, count):
        """Up to so many of the cache's scenes, as far as there is time."""
        spans = [range(start, min(start + BATCH, count)) for start in range(cache.done, count, BATCH)]
        answers = self.tellers(([first + i for i in span], cache.size) for span in spans)
        for span, (pictures, told) in zip(spans, answers):
            here = slice(span.start, span.stop)
            cache.latents[here] = self.encode(pictures)
            for part, values in told.items():
                getattr(cache, part)[here] = values
            cache.note_done(span.stop)
            share_processor(self.threads)
            if time.time() > self.until:
                return False
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
