"""Captions as people type them: with and without articles, plurals, synonyms, word order, missing parts.

A part is left out only where it is the usual one (a fox is in a meadow, by day, under a clear sky), or rarely (`FORGETFUL`).
`caption(scene, rng, complete=True)` leaves out nothing that is graded.
"""

import random

from world.scenes import COLOURS, SHELTERED, WITHOUT_WEATHER, Scene, usual_ground_of
from world.subjects import SUBJECTS

FORGETFUL = 0.02

COLOUR_WORDS = {"purple": ("purple", "purple", "violet"), "red": ("red", "red", "scarlet"), "turquoise": ("turquoise", "teal", "cyan"),
                "blue": ("blue",), "yellow": ("yellow", "yellow", "golden"), "grey": ("grey", "gray"), "pink": ("pink",)}
COUNT_WORDS = {2: ("two", "two", "2", "a pair of"), 3: ("three", "three", "3"), 4: ("four", "four", "4")}
SIZE_WORDS = {"small": ("small", "little", "tiny"), "big": ("big", "large", "huge", "giant")}
PLACE_WORDS = {"left": ("on the left", "on the left side", "at the left"), "right": ("on the right", "on the right side", "at the right")}
DULL_DAY = ("by day", "during the day", "at noon")
TIME_WORDS = {
    "day": ("by day", "during the day", "in the sunshine", "on a sunny day", "at noon"),
    "dawn": ("at dawn", "in the morning", "at sunrise", "early in the morning"),
    "sunset": ("at sunset", "at sunset", "in the evening", "at dusk", "in the evening sun"),
    "night": ("at night", "at night", "on a starry night", "under the stars", "by night", "at midnight", "under a starry sky"),
    "moonlight": ("under the full moon", "in the moonlight", "by moonlight", "under a full moon")}
GROUND_WORDS = {
    "meadow": ("in a meadow", "on the grass", "in a field", "in the meadow", "in the park", "in a garden"),
    "hills": ("in the hills", "in the mountains", "among the hills"),
    "forest": ("in the forest", "in the woods", "in a forest"),
    "sea": ("at sea", "on the sea", "on the ocean", "on the water", "in the sea", "in the ocean", "in the water"),
    "beach": ("on the beach", "at the beach", "on a beach", "by the sea"),
    "desert": ("in the desert", "in a desert", "in the sand"),
    "snow": ("in the snow", "in winter", "on the snow", "in a snowy landscape"),
    "city": ("in the city", "in town", "on the street", "in a city", "on the road"),
    "room": ("in a room", "at home", "indoors", "on the floor", "in the living room", "inside"),
    "space": ("in space", "in outer space", "among the stars"),
    "underwater": ("underwater", "under water", "under the sea", "at the bottom of the sea")}
WEATHER_WORDS = {
    "clear": ("under a clear sky", "in fine weather"), "cloudy": ("on a cloudy day", "under a cloudy sky", "under clouds"),
    "rain": ("in the rain", "on a rainy day", "while it rains", "in the pouring rain"),
    "snowfall": ("in falling snow", "while it snows", "in a snowfall", "with snowflakes", "in a snowstorm"),
    "fog": ("in the fog", "in fog", "in the mist", "on a foggy day")}
BY_NIGHT = {"cloudy": ("under a cloudy sky", "under clouds"), "rain": ("in the rain", "while it rains"),
            "fog": ("in the fog", "in fog", "in the mist")}
PAPER = ("on {}", "on {}", "on a {} background", "on {} background", "{} background", "in front of a {} background")
STICKERS = ("a sticker of ", "sticker of ", "an emoji of ", "an icon of ", "a picture of ")
# Said often and seen never: all that is here is so.
PRAISE, PRAISED = ("cute", "happy", "beautiful", "lovely", "funny"), 0.04
OPENINGS = ("a picture of ", "an illustration of ", "a drawing of ", "a photo of ")
# Said of the first and the second; and of the same picture with the second named first.
RELATION_WORDS = {
    "left of": (("to the left of", "left of", "on the left of", "beside", "next to", "and", "and"), ("to the right of", "right of")),
    "right of": (("to the right of", "right of", "on the right of"), ("to the left of", "left of", "and", "next to")),
    "above": (("above", "over", "flying over"), ("under", "below", "beneath")),
    "behind": (("behind", "in back of"), ("in front of", "before")),
    "on": (("on", "on top of", "standing on", "sitting on"), ("under", "carrying"))}


def word(table, key, rng):
    return rng.choice(table.get(key, (key,)))


def noun_phrase(noun, colour, count, size, rng, articles):
    """"two tiny purple dragons"."""
    words = [rng.choice(PRAISE)] if rng.random() < PRAISED else []
    if size != "any":
        words.append(rng.choice(SIZE_WORDS[size]))
    if colour:
        words.append(word(COLOUR_WORDS, colour, rng))
    nouns = SUBJECTS[noun].nouns
    one, many = nouns[0] if rng.random() < 0.6 else rng.choice(nouns)
    if count > 1:
        return " ".join([rng.choice(COUNT_WORDS[count])] + words + [many])
    words.append(one)
    several = one.endswith("s") and not one.endswith(("ss", "us", "is")) and " of " not in one
    if articles and not several:
        indefinite = "an" if words[0][0] in "aeio" or words[0].startswith("um") else "a"
        words.insert(0, "one" if rng.random() < 0.03 else "the" if rng.random() < 0.05 else indefinite)
    return " ".join(words)


def what_is_said(scene, rng):
    usual = {"ground": usual_ground_of(scene), "time": "day", "weather": "clear"}
    keep_usual = {"ground": 0.45, "time": 0.15, "weather": 0.04}
    said = {part for part, value in usual.items()
            if rng.random() < (keep_usual[part] if getattr(scene, part) == value else 1 - FORGETFUL)}
    return said


def caption(scene: Scene, rng: random.Random, complete=False, own_colours=None) -> str:
    articles = rng.random() < 0.72
    colour, other_colour = scene.colour, scene.other_colour
    if own_colours and not complete:
        colour = colour or (own_colours.get(scene.subject, "") if rng.random() < 0.08 else "")
    subject = noun_phrase(scene.subject, colour, scene.count, scene.size, rng, articles)
    if scene.relation == "alone":
        phrase = subject
    else:
        other = noun_phrase(scene.other, other_colour, 1, "any", rng, articles)
        straight, turned = RELATION_WORDS[scene.relation]
        swapped = rng.random() < 0.25
        words = rng.choice(turned if swapped else straight)
        phrase = f"{other} {words} {subject}" if swapped else f"{subject} {words} {other}"
    if scene.is_sticker:
        paper = rng.choice(PAPER).format(word(COLOUR_WORDS, scene.ground, rng) if rng.random() < 0.5 else scene.ground)
        paper = paper.replace("a orange", "an orange")
        opening = rng.choice(STICKERS) if rng.random() < 0.15 else ""
        return opening + phrase + (", " if not paper.startswith(("on ", "in ")) or rng.random() < 0.1 else " ") + paper
    said = {"ground", "time", "weather"} if complete else what_is_said(scene, rng)
    if scene.ground in WITHOUT_WEATHER or complete and scene.weather == "clear":
        said.discard("weather")
    if scene.ground in SHELTERED:
        said.discard("time")
    night = scene.time in ("night", "moonlight")
    dull = scene.time == "day" and scene.weather != "clear"
    words = {"ground": GROUND_WORDS[scene.ground], "time": DULL_DAY if dull else TIME_WORDS[scene.time],
             "weather": BY_NIGHT.get(scene.weather, WEATHER_WORDS[scene.weather]) if night else WEATHER_WORDS[scene.weather]}
    circumstances = [rng.choice(words[part]) for part in words if part in said]
    if scene.place != "any":
        circumstances.append(rng.choice(PLACE_WORDS[scene.place]))
    if rng.random() < 0.4:
        rng.shuffle(circumstances)
    if circumstances and rng.random() < 0.12:
        return ", ".join([circumstances.pop(), " ".join([phrase] + circumstances)])
    joint = ", " if rng.random() < 0.10 else " "
    opening = rng.choice(OPENINGS) if rng.random() < 0.06 else ""
    return opening + joint.join([phrase] + circumstances)


def all_words(nouns):
    """Whatever a caption may say, by what it says it of: `words.json`."""
    def flat(table):
        return [phrase for phrases in table.values() for phrase in phrases]

    groups = {"subjects": [form for noun in nouns for pair in SUBJECTS[noun].nouns for form in pair],
              "colours": [w for colour in COLOURS + ("grey",) for w in COLOUR_WORDS.get(colour, (colour,))],
              "counts": ["a", "an", "the", "one"] + flat(COUNT_WORDS), "sizes": flat(SIZE_WORDS), "places": flat(PLACE_WORDS),
              "relations": [w for pair in RELATION_WORDS.values() for words in pair for w in words],
              "times": flat(TIME_WORDS), "grounds": flat(GROUND_WORDS) + [p.format("white") for p in PAPER],
              "weathers": flat(WEATHER_WORDS), "praise": list(PRAISE), "openings": [o.strip() for o in STICKERS + OPENINGS]}
    return {group: list(dict.fromkeys(phrases)) for group, phrases in groups.items()}
