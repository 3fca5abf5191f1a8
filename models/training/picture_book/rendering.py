"""Renders numbered scenes, on every core where there are many and nobody else wants them."""

import multiprocessing
import os

import numpy as np

from picture_book import composer
from picture_book.scene_cache import load_world, scene_of

FEW_CORES = 4
_state = {}


def _begin(folder, nouns):
    _state["world"], _state["sprites"] = load_world(folder, nouns)


def _one(job):
    number, size, kept_back = job
    scene, chances = scene_of(_state["world"], number, kept_back)
    return composer.render(scene, chances, size, _state["sprites"])


class Renderer:
    """Calls with numbers: pictures (n, size, size, 3) and masks (n, size, size)."""

    def __init__(self, folder, nouns=None):
        cores = len(os.sched_getaffinity(0))
        self.pool = None
        if cores > FEW_CORES:
            self.pool = multiprocessing.get_context("spawn").Pool(cores - 1, _begin, (folder, nouns))
        else:
            _begin(folder, nouns)

    def __call__(self, numbers, size, kept_back=False):
        jobs = [(number, size, kept_back) for number in numbers]
        done = self.pool.map(_one, jobs, 8) if self.pool else map(_one, jobs)
        pictures, masks = zip(*done)
        return np.stack(pictures), np.stack(masks)
