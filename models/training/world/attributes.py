"""What can be told of a scene, as numbers: for the classifier to read in pictures, and the text encoder's reader in captions."""

import torch

from world.scenes import BACKDROPS, COLOURS, COUNTS, GROUNDS, PLACES, RELATIONS, SIZES, TIMES, WEATHERS
from world.subjects import NAMED

NOTHING = ("",)
# What a picture shows; of place, only a caption tells.
SHOWN = {"subject": NAMED, "colour": NOTHING + COLOURS, "count": COUNTS, "size": SIZES, "time": TIMES,
         "ground": GROUNDS + BACKDROPS, "weather": WEATHERS, "relation": RELATIONS, "other": NOTHING + NAMED,
         "other_colour": NOTHING + COLOURS}
TOLD = {**SHOWN, "place": PLACES}


def seen_as(scene):
    """Of two scenes that look alike (this left of that, that right of this) the one to name."""
    if scene.relation != "right of":
        return scene
    return type(scene)(scene.other, scene.other_colour, 1, scene.size, scene.place, scene.ground, scene.time, scene.weather,
                       "left of", scene.subject, scene.colour)


def labels(scenes, parts=SHOWN):
    """Of every part, each scene's value as an index."""
    seen = [seen_as(scene) for scene in scenes]
    return {part: torch.tensor([values.index(getattr(scene, part)) for scene in seen]) for part, values in parts.items()}
