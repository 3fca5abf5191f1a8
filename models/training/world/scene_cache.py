"""Rendered scenes in files that a renderer appends to while a trainer reads them. Scene number i is always the same."""

import json
import os
import random

import numpy as np

from world import composer
from world.scenes import World
from world.sprites import Sprites

AT_ONCE = 100
HELD_OUT = 10 ** 9          # scenes from this number on are never trained on


def load_world(folder, nouns=None):
    """Of all subjects, or of some; with their pictures."""
    sprites = Sprites(os.path.join(folder, "sprites.npy"))
    with open(os.path.join(folder, "recolourable.json"), encoding="utf-8") as file:
        return World(nouns or sprites.nouns, json.load(file)), sprites


def own_colours(folder):
    """Of things that plainly have one colour of their own: it may be said of them."""
    with open(os.path.join(folder, "own-colours.json"), encoding="utf-8") as file:
        return json.load(file)


def scene_of(world, number):
    """The scene of a number, and its chances."""
    return (world.sample(random.Random(number)),
            np.random.default_rng(number).standard_normal(composer.CHANCES).astype(np.float32))


class SceneCache:
    """(count, size, size, 4): a picture, and where its subjects are."""

    def __init__(self, folder, size, count, start=0):
        self.size, self.count, self.start = size, count, start
        self.path = os.path.join(folder, f"scenes-{size}-{start}.u8")
        self.done_path = self.path + ".done"
        shape = (count, size, size, 4)
        exists = os.path.exists(self.path) and os.path.getsize(self.path) == int(np.prod(shape))
        self.data = np.memmap(self.path, np.uint8, "r+" if exists else "w+", shape=shape)

    @property
    def done(self):
        try:
            return int(open(self.done_path).read())
        except (OSError, ValueError):
            return 0

    def fill(self, renderer, until=None):
        until = min(self.count, until or self.count)
        for first in range(self.done, until, AT_ONCE):
            end = min(first + AT_ONCE, until)
            self.data[first:end, ..., :3], self.data[first:end, ..., 3] = renderer(range(self.start + first, self.start + end), self.size)
            with open(self.done_path + ".new", "w") as file:
                file.write(str(end))
            os.replace(self.done_path + ".new", self.done_path)


def caches(settings, folder):
    """What the autoencoder learns from, at both sizes."""
    return [SceneCache(folder, size, settings.scenes) for size in (settings.size, settings.size // 2)]


def held_out(settings, folder):
    """What it is judged by."""
    return SceneCache(folder, settings.size, settings.held_out, HELD_OUT)
