"""What the diffusion model learns from: encoded scenes at both sizes, their captions' ids, and a tokenizer for these.

Goes on where it was stopped; what is there can be learnt from meanwhile.
"""

import json
import os
import random
import time

import numpy as np
import torch

from picture_book import composer
from picture_book.captions import caption
from picture_book.rendering import Renderer
from picture_book.scene_cache import load_world, scene_of
from picture_book.stages.vae import load_vae
from picture_book.subjects import NAMED
from tokenizer import Tokenizer, train_tokenizer
from training import autocast, share_processor

FIRST = 10 ** 8             # the number of the first scene, apart from the autoencoder's
LARGE_FIRST = 2 * 10 ** 8
TOKENIZED = 60000           # captions that the tokenizer is trained on
BATCH = 64
TURNS = 50


class Latents:
    """Memory-mapped: latents (count, 8, s, s), how much of each is a subject (count, s, s), chances, and ids (count, captions, length)."""

    def __init__(self, settings, folder, size, count):
        self.settings, self.size, self.count = settings, size, count
        self.path, side = os.path.join(folder, f"latents-{size}"), size // 8
        def mapped(name, kind, shape):
            path = f"{self.path}.{name}"
            fits = os.path.exists(path) and os.path.getsize(path) == int(np.prod(shape)) * np.dtype(kind).itemsize
            return np.memmap(path, kind, "r+" if fits else "w+", shape=shape)
        self.latents = mapped("f16", np.float16, (count, 8, side, side))
        self.masks = mapped("masks", np.uint8, (count, side, side))
        self.chances = mapped("chances", np.float32, (count, composer.CHANCES))
        self.ids = mapped("ids", np.int16, (count, settings.captions_per_scene, settings.text_length))

    @property
    def done(self):
        return int(open(self.path + ".done").read()) if os.path.exists(self.path + ".done") else 0

    def note_done(self, done):
        with open(self.path + ".new", "w") as file:
            file.write(str(done))
        os.replace(self.path + ".new", self.path + ".done")


def own_colours(folder):
    """Of things that plainly have one colour of their own: it may be said of them."""
    with open(os.path.join(folder, "own-colours.json"), encoding="utf-8") as file:
        return json.load(file)


def train_words(settings, folder, world, colours):
    path = os.path.join(folder, "tokenizer.model")
    if not os.path.exists(path):
        rng = random.Random(4)
        count = TOKENIZED if settings.vocabulary > 1000 else TOKENIZED // 30
        train_tokenizer([caption(world.sample(rng), rng, own_colours=colours) for _ in range(count)], settings.vocabulary, path)
    return Tokenizer(folder, settings.text_length)


def shares(masks):
    """Of masks (n, h, w), how much of every latent's 8x8 pixels is a subject's."""
    n, h, w = masks.shape
    return masks.reshape(n, h // 8, 8, w // 8, 8).mean((2, 4))


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
