"""Renders scenes, on every core where there are many and nobody else wants them."""

import functools
import multiprocessing
import os

import numpy as np

from world import composer
from world.scene_cache import load_world, scene_of
from world.sprites import Sprites

FEW_CORES = 4
_own = {}


def _begin(make, arguments):
    _own["worker"] = make(*arguments)


def _work(job):
    return _own["worker"](*job)


class Crew:
    """Workers that `make(*arguments)` makes, one in every process; called with jobs, gives their answers in order."""

    def __init__(self, make, *arguments):
        cores = len(os.sched_getaffinity(0))
        self.pool = multiprocessing.get_context("spawn").Pool(cores - 1, _begin, (make, arguments)) if cores > FEW_CORES else None
        self.worker = None if self.pool else make(*arguments)

    def __call__(self, jobs):
        return self.pool.imap(_work, jobs) if self.pool else (self.worker(*job) for job in jobs)


class Painter:
    def __init__(self, folder):
        self.sprites = Sprites(os.path.join(folder, "sprites.npy"))

    def __call__(self, scene, chances, size):
        return composer.render(scene, chances, size, self.sprites)


@functools.lru_cache(None)
def _painters(folder):
    """The same for all who ask, since each holds the sprites."""
    return Crew(Painter, folder)


class Renderer:
    """Calls with numbers: pictures (n, size, size, 3) and masks (n, size, size)."""

    def __init__(self, folder, nouns=None):
        (self.world, self.sprites), self.painters = load_world(folder, nouns), _painters(folder)

    def render(self, scenes, chances, size):
        """Of scenes with what chance decides of each."""
        pictures, masks = zip(*self.painters((scene, numbers, size) for scene, numbers in zip(scenes, chances)))
        return np.stack(pictures), np.stack(masks)

    def __call__(self, numbers, size):
        return self.render(*zip(*(scene_of(self.world, number) for number in numbers)), size)
