"""A small illustrated world: what a scene can be, as a few attributes.

What a caption leaves out takes its usual value, so that one caption has few pictures: a generator that looks once must
not have to choose between many. Some pairs of a subject with a colour or a place are never drawn for training
(`NEVER_COLOURED`, `NEVER_PLACED`): what the model makes of those shows whether it learnt words or pictures.
"""

import random
from dataclasses import dataclass, replace

from subjects import PAINTERS

SUBJECTS = tuple(PAINTERS)
COLOURS = {
    "red": (0.90, 0.16, 0.16), "orange": (1.00, 0.56, 0.10), "yellow": (1.00, 0.88, 0.18), "green": (0.18, 0.66, 0.28),
    "turquoise": (0.10, 0.78, 0.74), "blue": (0.16, 0.36, 0.92), "purple": (0.56, 0.24, 0.78), "pink": (1.00, 0.52, 0.72),
    "brown": (0.50, 0.30, 0.16), "white": (0.96, 0.96, 0.94)}
COUNTS = ("one", "two", "three")
SIZES = ("small", "usual", "big")
PLACES = ("left", "middle", "right")
TIMES = ("dawn", "noon", "sunset", "night", "stars")
GROUNDS = ("meadow", "sea", "desert", "snow", "hills", "city")
WEATHERS = ("clear", "rain", "snowfall", "fog")
RELATIONS = ("alone", "left of", "right of", "above", "behind")     # of the subject to the other one

FLYING = ("balloon", "bird", "butterfly", "rocket", "airplane", "kite", "sun", "moon")
SEAGOING = ("boat", "fish", "duck", "whale")
ROCKY = ("lighthouse", "mountain")                                  # stands in the sea as well
TALL = ("house", "tree", "lighthouse", "mountain", "castle", "windmill")    # can be seen behind another
NOBODY = "nobody"

USUAL_COLOUR = {
    "house": "red", "boat": "red", "tree": "green", "balloon": "red", "car": "blue", "lighthouse": "red", "flower": "pink",
    "bird": "blue", "fish": "orange", "mountain": "purple", "mushroom": "red", "butterfly": "orange", "cat": "orange",
    "castle": "white", "windmill": "white", "tent": "green", "umbrella": "pink", "rocket": "red", "airplane": "white",
    "kite": "red", "duck": "yellow", "whale": "blue", "sun": "yellow", "moon": "yellow"}
NEVER_COLOURED = frozenset((subject, colour) for i, subject in enumerate(SUBJECTS)
                           for colour in [list(COLOURS)[(3 * i + 4) % 10]] if colour != USUAL_COLOUR[subject])
NEVER_PLACED = frozenset((subject, PLACES[i // 2 % 2 * 2]) for i, subject in enumerate(SUBJECTS) if i % 2)


@dataclass(frozen=True)
class Scene:
    subject: str
    colour: str
    count: str = "one"
    size: str = "usual"
    place: str = "middle"
    time: str = "noon"
    ground: str = "meadow"
    weather: str = "clear"
    relation: str = "alone"
    other: str = NOBODY
    other_colour: str = NOBODY


def usual_ground(subject):
    if subject in SEAGOING or subject == "lighthouse":
        return "sea"
    return "hills" if subject == "mountain" else "meadow"


def possible_grounds(subject):
    if subject in SEAGOING:
        return ("sea",)
    return GROUNDS if subject in FLYING + ROCKY else tuple(g for g in GROUNDS if g != "sea")


def usual_scene(subject):
    return Scene(subject, USUAL_COLOUR[subject], ground=usual_ground(subject))


def is_kept_back(scene):
    return ((scene.subject, scene.colour) in NEVER_COLOURED or (scene.other, scene.other_colour) in NEVER_COLOURED
            or (scene.relation == "alone" and (scene.subject, scene.place) in NEVER_PLACED))


def sample_colour(subject, rng):
    return USUAL_COLOUR[subject] if rng.random() < 0.1 else rng.choice(list(COLOURS))


def sample_any(rng):
    time, weather = rng.choice(TIMES), rng.choices(WEATHERS, (6, 2, 2, 2))[0]
    subject = rng.choice(SUBJECTS)
    if rng.random() < 0.3:
        relation = "above" if subject in FLYING else rng.choice(RELATIONS[1:3] + RELATIONS[4:] * (subject in TALL))
        others = [s for s in SUBJECTS if s != subject and s not in FLYING
                  and set(possible_grounds(s)) & set(possible_grounds(subject))]
        other = rng.choice(others)
        ground = rng.choice([g for g in possible_grounds(subject) if g in possible_grounds(other)])
        return Scene(subject, sample_colour(subject, rng), time=time, ground=ground, weather=weather,
                     relation=relation, other=other, other_colour=sample_colour(other, rng))
    count = rng.choices(COUNTS, (5, 3, 2))[0]
    return Scene(
        subject, sample_colour(subject, rng), count,
        rng.choices(SIZES, (2, 5, 2))[0] if count == "one" else "usual",
        "middle" if count == "three" else rng.choices(PLACES, (3, 4, 3))[0],
        time, usual_ground(subject) if rng.random() < 0.3 else rng.choice(possible_grounds(subject)), weather)


def sample_scene(rng: random.Random, kept_back=False) -> Scene:
    """One of those to train on, or one of those kept back."""
    while True:
        scene = sample_any(rng)
        if is_kept_back(scene) == kept_back:
            return scene


def seen_as(scene):
    """Of two scenes that look alike (this left of that, that right of this) the one to name."""
    if scene.relation != "right of":
        return scene
    return replace(scene, subject=scene.other, colour=scene.other_colour, relation="left of", other=scene.subject,
                   other_colour=scene.colour)


def describe():
    """What anyone needs to compose prompts: `world.json`."""
    return {"subjects": list(SUBJECTS), "colours": list(COLOURS), "counts": list(COUNTS), "sizes": list(SIZES),
            "places": list(PLACES), "times": list(TIMES), "grounds": list(GROUNDS), "weathers": list(WEATHERS),
            "relations": list(RELATIONS[1:]), "flying": list(FLYING), "tall": list(TALL),
            "grounds_of": {s: list(possible_grounds(s)) for s in SUBJECTS},
            "usual": {s: {part: value for part, value in vars(usual_scene(s)).items() if value != NOBODY} for s in SUBJECTS},
            "never_trained": {"colours": sorted(map(list, NEVER_COLOURED)), "places": sorted(map(list, NEVER_PLACED))}}
