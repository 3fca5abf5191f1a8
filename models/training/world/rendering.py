"""Renders scenes, on every core where there are many and nobody else wants them."""

import functools
import multiprocessing
import os
import threading

import numpy as np

from world import composer
from world.scene_cache import load_world, scene_of
from world.sprites import Sprites

FEW_CORES = 4
AHEAD = 4           # jobs a core that may be done before they are asked for
_own = {}


def _begin(make, arguments):
    _own["worker"] = make(*arguments)


def _work(job):
    return _own["worker"](*job)


class Crew:
    """Workers that `make(*arguments)` makes, one in every process; called with jobs, which may be endless, gives their answers in
    order, and is no more than some jobs ahead of who takes them."""

    def __init__(self, make, *arguments):
        self.cores = len(os.sched_getaffinity(0))
        self.pool = multiprocessing.get_context("spawn").Pool(self.cores - 1, _begin, (make, arguments)) if self.cores > FEW_CORES else None
        self.worker = None if self.pool else make(*arguments)

    def __call__(self, jobs):
        if self.pool is None:
            yield from (self.worker(*job) for job in jobs)
            return
        room, over = threading.Semaphore(AHEAD * self.cores), threading.Event()

        def admitted():
            for job in jobs:
                room.acquire()
                if over.is_set():
                    return
                yield job

        try:
            for answer in self.pool.imap(_work, admitted()):
                room.release()
                yield answer
        finally:        # the pool's own thread waits for room, also when nobody takes more
            over.set()
            room.release()


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
