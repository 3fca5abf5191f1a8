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
from picture_book.scene_cache import load_world, scene_of
from picture_book.stages.vae import load_vae
from picture_book.subjects import NAMED
from tokenizer import Tokenizer, train_tokenizer
from training import autocast, share_processor

FIRST = 10 ** 8             # the number of the first scene, apart from the autoencoder's
LARGE_FIRST = 2 * 10 ** 8
TOKENIZED = 60000           # captions that the tokenizer is trained on
BATCH = 16


class Latents:
    """Memory-mapped: latents (count, 8, s, s), chances, and ids (count, captions, length)."""

    def __init__(self, settings, folder, size, count):
        self.settings, self.size, self.count = settings, size, count
        self.path, side = os.path.join(folder, f"latents-{size}"), size // 8
        def mapped(name, kind, shape):
            path = f"{self.path}.{name}"
            fits = os.path.exists(path) and os.path.getsize(path) == int(np.prod(shape)) * np.dtype(kind).itemsize
            return np.memmap(path, kind, "r+" if fits else "w+", shape=shape)
        self.latents = mapped("f16", np.float16, (count, 8, side, side))
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


def fill(cache, first, world, sprites, vae, tokenizer, colours, device, until):
    threads = torch.get_num_threads()
    for start in range(cache.done, cache.count, BATCH):
        if time.time() > until:
            return False
        share_processor(threads)
        end, pictures, ids = min(start + BATCH, cache.count), [], []
        for i in range(start, end):
            scene, chances = scene_of(world, first + i)
            pictures.append(composer.render(scene, chances, cache.size, sprites)[0])
            cache.chances[i] = chances
            rng = random.Random(first + i)
            cache.ids[i] = tokenizer([caption(scene, rng, own_colours=colours) for _ in range(cache.ids.shape[1])]).numpy()
        pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).to(device).float() / 127.5 - 1
        with torch.no_grad(), autocast(device):
            cache.latents[start:end] = vae.encode(pixels.contiguous(memory_format=torch.channels_last)).half().cpu().numpy()
        if start // BATCH % 20 == 0 or end == cache.count:
            cache.note_done(end)
            print(f"latents: {end} of {cache.count} at {cache.size}", flush=True)
    return True


def run(settings, folder, device, minutes=None, **_):
    world, sprites = load_world(folder, NAMED)
    colours, vae = own_colours(folder), load_vae(settings, folder, device)
    tokenizer = train_words(settings, folder, world, colours)
    until = time.time() + 60 * minutes if minutes else float("inf")
    small, large = settings.size // 2, settings.size
    if fill(Latents(settings, folder, small, settings.latents), FIRST, world, sprites, vae, tokenizer, colours, device, until):
        fill(Latents(settings, folder, large, settings.latents_large), LARGE_FIRST, world, sprites, vae, tokenizer, colours, device, until)
