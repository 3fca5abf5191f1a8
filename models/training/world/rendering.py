"""Renders scenes, on every core where there are many and nobody else wants them."""

import functools
import multiprocessing
import os

import numpy as np

from world import composer
from world.scene_cache import load_world, scene_of
from world.sprites import Sprites

FEW_CORES = 4
_sprites = {}


def _begin(folder):
    _sprites["all"] = Sprites(os.path.join(folder, "sprites.npy"))


def _render(job):
    return composer.render(*job, _sprites["all"])


@functools.lru_cache(None)
def _workers(folder):
    """None where there are few cores; the same for all who ask, since each holds the sprites."""
    cores = len(os.sched_getaffinity(0))
    if cores > FEW_CORES:
        return multiprocessing.get_context("spawn").Pool(cores - 1, _begin, (folder,))
    _begin(folder)
    return None


class Renderer:
    """Calls with numbers: pictures (n, size, size, 3) and masks (n, size, size)."""

    def __init__(self, folder, nouns=None):
        self.world, self.pool = load_world(folder, nouns)[0], _workers(folder)

    def render(self, scenes, chances, size):
        """Of scenes with what chance decides of each."""
        jobs = [(scene, numbers, size) for scene, numbers in zip(scenes, chances)]
        pictures, masks = zip(*(self.pool.map(_render, jobs, 4) if self.pool else map(_render, jobs)))
        return np.stack(pictures), np.stack(masks)

    def __call__(self, numbers, size):
        return self.render(*zip(*(scene_of(self.world, number) for number in numbers)), size)
