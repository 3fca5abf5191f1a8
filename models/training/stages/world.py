"""Renders the autoencoder's scenes at both sizes; may go on while the autoencoder already learns from the first of them."""

import json
import os
import time

from world import sprites
from world.rendering import Renderer
from world.scene_cache import caches, held_out

PLAIN = ("red", "orange", "yellow", "green", "blue", "purple", "pink")


def run(settings, folder, minutes=None, **_):
    until_time = time.time() + 60 * minutes if minutes else float("inf")
    path = os.path.join(folder, "sprites.npy")
    pictures = sprites.Sprites(path)
    with open(os.path.join(folder, "recolourable.json"), "w", encoding="utf-8") as file:
        json.dump([noun for noun in pictures.nouns if pictures[noun].can_be_recoloured], file)
    with open(os.path.join(folder, "own-colours.json"), "w", encoding="utf-8") as file:
        json.dump({noun: colour for noun in pictures.nouns if (colour := pictures[noun].own_colour) in PLAIN}, file)
    renderer = Renderer(folder)
    held_out(settings, folder).fill(renderer)
    both = caches(settings, folder)
    for until in range(500, settings.scenes + 500, 500):
        for cache in both:
            cache.fill(renderer, until)
        if time.time() > until_time:
            break
        print("world:", both[0].done, "scenes", flush=True)
