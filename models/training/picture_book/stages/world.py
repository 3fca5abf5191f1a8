"""Renders the autoencoder's scenes at both sizes; may go on while the autoencoder already learns from the first of them."""

import json
import os

from picture_book import sprites
from picture_book.scene_cache import HELD_OUT, SceneCache, load_world

PLAIN = ("red", "orange", "yellow", "green", "blue", "purple", "pink")


def caches(settings, folder):
    return [SceneCache(folder, size, settings.scenes) for size in (settings.size, settings.size // 2)]


def held_out(settings, folder):
    return SceneCache(folder, settings.size, settings.held_out, HELD_OUT)


def run(settings, folder, **_):
    path = os.path.join(folder, "sprites.npy")
    if not os.path.exists(path):
        sprites.build(os.path.join(folder, "packages"), path)
    pictures = sprites.Sprites(path)
    with open(os.path.join(folder, "recolourable.json"), "w", encoding="utf-8") as file:
        json.dump([noun for noun in pictures.nouns if pictures[noun].can_be_recoloured], file)
    with open(os.path.join(folder, "own-colours.json"), "w", encoding="utf-8") as file:
        json.dump({noun: colour for noun in pictures.nouns if (colour := pictures[noun].own_colour) in PLAIN}, file)
    world, pictures = load_world(folder)
    held_out(settings, folder).fill(world, pictures)
    both = caches(settings, folder)
    for until in range(500, settings.scenes + 500, 500):
        for cache in both:
            cache.fill(world, pictures, until)
        print("world:", both[0].done, "scenes", flush=True)
