"""What a scene can be, as a few attributes; how it looks beyond them is up to chance (`composer.py`).

What a caption leaves out takes its usual value; where things are and how large, unless said, is up to chance.
Some pairs of a subject with a colour or a ground are never drawn for training: what the model makes of those shows
whether it learnt words or pictures.
"""

import random
import zlib
from dataclasses import dataclass, replace
from functools import lru_cache

from world.subjects import SUBJECTS

COLOURS = ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "brown", "white", "black")
COUNTS = (1, 2, 3, 4)
SIZES = ("small", "any", "big")
PLACES = ("left", "any", "right")
TIMES = ("day", "dawn", "sunset", "night", "moonlight")
GROUNDS = ("meadow", "hills", "forest", "sea", "beach", "desert", "snow", "city", "room", "space", "underwater")
BACKDROPS = ("white",) + tuple(c for c in COLOURS if c != "white") + ("grey",)      # of stickers
WEATHERS = ("clear", "cloudy", "rain", "snowfall", "fog")
RELATIONS = ("alone", "left of", "right of", "above", "behind", "on")               # of the subject to the other one
WITHOUT_WEATHER = ("room", "space", "underwater")
SHELTERED = ("space", "underwater")                                                 # without a time of day as well


@dataclass(frozen=True)
class Scene:
    subject: str
    colour: str = ""            # "" is its own
    count: int = 1
    size: str = "any"
    place: str = "any"
    ground: str = "meadow"      # or the colour of the paper that a sticker is on
    time: str = "day"
    weather: str = "clear"
    relation: str = "alone"
    other: str = ""
    other_colour: str = ""

    @property
    def is_sticker(self):
        return self.ground in BACKDROPS


@lru_cache(None)
def usual_ground(noun):
    return SUBJECTS[noun].ground


def usual_ground_of(scene):
    """Where two things are in a relation, where the lower, nearer or second of them is at home."""
    return usual_ground(scene.other or scene.subject)


def share(*words):
    """A number in 0..1 that hangs on the words alone."""
    return zlib.crc32("|".join(words).encode()) / 2 ** 32


def is_kept_colour(noun, colour):
    """One in twelve coloured subjects."""
    return bool(colour) and share(noun, colour) < 1 / 12


def is_kept_ground(noun, ground):
    """One in twelve of subjects where they are not at home."""
    return ground in GROUNDS and ground != usual_ground(noun) and share(noun, ground) < 1 / 12


def kept_pairs(scene):
    """The attributes of a scene that are not trained together."""
    pairs = ((("subject", "colour"), is_kept_colour), (("other", "other_colour"), is_kept_colour), (("subject", "ground"), is_kept_ground))
    return [pair for pair, is_kept in pairs if is_kept(*(getattr(scene, part) for part in pair))]


def is_kept_back(scene):
    return bool(kept_pairs(scene))


def describe(nouns):
    """What anyone needs to compose prompts: `world.json`."""
    return {"subjects": list(nouns), "colours": list(COLOURS), "counts": list(COUNTS), "sizes": list(SIZES), "times": list(TIMES),
            "grounds": list(GROUNDS), "backgrounds": list(BACKDROPS), "weathers": list(WEATHERS), "relations": list(RELATIONS[1:]),
            "usual": {noun: {"ground": usual_ground(noun), "bearing": SUBJECTS[noun].bearing} for noun in nouns},
            "never_trained": {"colours": [[n, c] for n in nouns for c in COLOURS if is_kept_colour(n, c)],
                              "grounds": [[n, g] for n in nouns for g in GROUNDS if is_kept_ground(n, g)]}}


class World:
    """Draws scenes of the subjects that it is given; which of them can be recoloured their pictures say."""

    def __init__(self, nouns, recolourable):
        self.nouns, self.recolourable = list(nouns), set(recolourable)

    def colour(self, noun, rng, often):
        return rng.choice(COLOURS) if noun in self.recolourable and rng.random() < often else ""

    def surroundings(self, noun, rng):
        """Ground, time and weather: all as usual in one of five scenes."""
        if rng.random() < 0.2:
            return usual_ground(noun), "day", "clear"
        ground = usual_ground(noun) if rng.random() < 0.25 else rng.choice(GROUNDS)
        time, weather = rng.choices(TIMES, (4, 2, 3, 3, 2))[0], rng.choices(WEATHERS, (7, 2, 2, 2, 2))[0]
        return ground, "day" if ground in SHELTERED else time, "clear" if ground in WITHOUT_WEATHER else weather

    def sample_any(self, rng):
        noun = rng.choice(self.nouns)
        colour, chance = self.colour(noun, rng, 0.4), rng.random()
        if chance < 0.35:
            ground = "white" if rng.random() < 0.5 else rng.choice(BACKDROPS)
            return Scene(noun, colour, rng.choices(COUNTS, (12, 3, 2, 1))[0], ground=ground)
        if chance < 0.60:
            other = rng.choice([n for n in rng.sample(self.nouns, 2) if n != noun])
            ground, time, weather = self.surroundings(other, rng)
            return Scene(noun, colour, 1, ground=ground, time=time, weather=weather, relation=rng.choice(RELATIONS[1:]),
                         other=other, other_colour=self.colour(other, rng, 0.3))
        ground, time, weather = self.surroundings(noun, rng)
        scene = Scene(noun, colour, ground=ground, time=time, weather=weather)
        count = rng.choices(COUNTS, (6, 3, 2, 1))[0]
        if count == 1:
            scene = replace(scene, size=rng.choices(SIZES, (1, 4, 1))[0], place=rng.choices(PLACES, (1, 4, 1))[0])
        return replace(scene, count=count)

    def sample(self, rng: random.Random, kept_back=False) -> Scene:
        while True:
            scene = self.sample_any(rng)
            if is_kept_back(scene) == kept_back:
                return scene
