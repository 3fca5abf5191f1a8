"""Encoded scenes at either size, and what is known of them, in files that one process appends to while another learns from them."""

import os

import numpy as np

from world import composer

FIRST = 10 ** 8             # the number of the first scene, apart from the autoencoder's
LARGE_FIRST = 2 * 10 ** 8


class Latents:
    """Memory-mapped: latents (count, 8, s, s); how much of each is a subject (count, s, s) and which part of it,
    `composer.whereabouts`, (count, 3, s, s); the rows of both subjects' portraits (count, 2); chances; and captions' ids
    (count, captions, length)."""

    PARTS = ("latents", "masks", "where", "rows", "chances", "ids")

    def __init__(self, settings, folder, size, count):
        self.size, self.count = size, count
        self.path, side = os.path.join(folder, f"latents-{size}"), size // 8

        def mapped(name, kind, shape):
            path, expected = f"{self.path}.{name}", int(np.prod(shape)) * np.dtype(kind).itemsize
            found = os.path.getsize(path) if os.path.exists(path) else 0
            if found != expected and self.done:
                raise SystemExit(f"{path}: {found} bytes, expected {expected}: of another recipe, and {self.done} of its scenes are done; "
                                 f"remove {self.path}.* to have them made again")
            return np.memmap(path, kind, "r+" if found == expected else "w+", shape=shape)

        self.latents = mapped("f16", np.float16, (count, 8, side, side))
        self.masks = mapped("masks", np.uint8, (count, side, side))
        self.where = mapped("where", np.float16, (count, 3, side, side))
        self.rows = mapped("rows", np.int16, (count, 2))
        self.chances = mapped("chances", np.float32, (count, composer.CHANCES))
        self.ids = mapped("ids", np.int16, (count, settings.captions_per_scene, settings.text_length))

    @property
    def done(self):
        if not os.path.exists(self.path + ".done"):
            return 0
        with open(self.path + ".done") as file:
            return int(file.read())

    def note_done(self, done):
        with open(self.path + ".new", "w") as file:
            file.write(str(done))
        os.replace(self.path + ".new", self.path + ".done")


def shares(masks):
    """Of masks (n, h, w), how much of every latent's 8x8 pixels is a subject's."""
    n, h, w = masks.shape
    return masks.reshape(n, h // 8, 8, w // 8, 8).mean((2, 4))
