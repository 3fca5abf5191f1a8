"""Captions in free English: synonyms, plurals, word order, missing parts.

A part is left out only where it is the usual one, or rarely (`FORGETFUL`): what is not said can then be guessed.
"""

import random

from world import FLYING, Scene, usual_scene

FORGETFUL = 0.03

NOUNS = {
    "house": (("house", "houses"), ("cottage", "cottages"), ("home", "homes")),
    "boat": (("boat", "boats"), ("sailboat", "sailboats"), ("sailing boat", "sailing boats"), ("ship", "ships")),
    "tree": (("tree", "trees"), ("oak", "oaks")),
    "balloon": (("balloon", "balloons"), ("hot air balloon", "hot air balloons"), ("hot-air balloon", "hot-air balloons")),
    "car": (("car", "cars"), ("automobile", "automobiles")),
    "lighthouse": (("lighthouse", "lighthouses"),),
    "flower": (("flower", "flowers"), ("blossom", "blossoms")),
    "bird": (("bird", "birds"), ("little bird", "little birds")),
    "fish": (("fish", "fish"), ("fish", "fishes")),
    "mountain": (("mountain", "mountains"), ("mountain peak", "mountain peaks")),
    "mushroom": (("mushroom", "mushrooms"), ("toadstool", "toadstools")),
    "butterfly": (("butterfly", "butterflies"),)}
COLOUR_WORDS = {"purple": ("purple", "violet"), "red": ("red", "scarlet")}
COUNT_WORDS = {"one": ("a", "a", "one", "a single"), "two": ("two", "two", "a pair of", "2"), "three": ("three", "three", "3")}
PLACE_WORDS = {
    "left": ("on the left", "at the left", "on the left side", "to the left"),
    "middle": ("in the middle", "in the centre", "in the center"),
    "right": ("on the right", "at the right", "on the right side", "to the right")}
TIME_WORDS = {
    "morning": ("at dawn", "in the morning", "in the early morning", "at sunrise", "at daybreak"),
    "noon": ("at noon", "by day", "in daylight", "on a sunny day", "at midday"),
    "sunset": ("at sunset", "at dusk", "in the evening", "in the evening sun"),
    "night": ("at night", "by night", "under the stars", "in the moonlight", "under the moon")}
GROUND_WORDS = {
    "meadow": ("in a meadow", "on the grass", "in a green field"),
    "sea": ("at sea", "on the sea", "on the water", "in the ocean"),
    "desert": ("in the desert", "on the sand", "in a sandy desert"),
    "snow": ("in the snow", "in a snowy field", "in winter"),
    "hills": ("in the hills", "among green hills", "in a hilly land")}
GROUND_WORDS_BELOW = {
    "meadow": ("over a meadow", "above the grass", "over a green field"),
    "sea": ("over the sea", "above the water", "over the ocean"),
    "desert": ("over the desert", "above the sand"),
    "snow": ("over the snow", "above a snowy field", "in winter"),
    "hills": ("over the hills", "above green hills")}
OPENINGS = ("", "", "", "", "", "a picture of ", "an illustration of ", "there is ", "a scene with ")


def subject_phrase(scene: Scene, said, rng):
    many = scene.count != "one"
    noun = rng.choice((NOUNS[scene.subject][0],) * 2 + NOUNS[scene.subject])[many]
    words = [rng.choice(COUNT_WORDS[scene.count])]
    if "colour" in said:
        words.append(rng.choice(COLOUR_WORDS.get(scene.colour, (scene.colour,))))
    words.append(noun)
    if words[0] == "a" and words[1][0] in "aeiou":
        words[0] = "an"
    return " ".join(words)


def caption(scene: Scene, rng: random.Random) -> str:
    usual, said = usual_scene(scene.subject), set()
    for part, keep_usual in (("colour", 0.85), ("place", 0.3), ("time", 0.75), ("ground", 0.5)):
        is_usual = getattr(scene, part) == getattr(usual, part)
        if rng.random() < (keep_usual if is_usual else 1 - FORGETFUL):
            said.add(part)
    phrase = subject_phrase(scene, said, rng)
    grounds = GROUND_WORDS_BELOW if scene.subject in FLYING and rng.random() < 0.7 else GROUND_WORDS
    circumstances = [rng.choice(words[getattr(scene, part)]) for part, words in (
        ("place", PLACE_WORDS), ("time", TIME_WORDS), ("ground", grounds)) if part in said]
    rng.shuffle(circumstances)
    if circumstances and rng.random() < 0.15:
        return ", ".join([circumstances.pop(), " ".join([phrase] + circumstances)])
    joint = ", " if rng.random() < 0.15 else " "
    opening = rng.choice(OPENINGS)
    if opening == "there is " and scene.count != "one":
        opening = "there are "
    return opening + joint.join([phrase] + circumstances)
