"""Captions in free English: synonyms, plurals, word order, missing parts.

A part is left out only where it is the usual one, or rarely (`FORGETFUL`): what is not said can then be guessed.
`caption(scene, rng, complete=True)` leaves out nothing that is graded.
"""

import random

from world import COLOURS, FLYING, NOBODY, Scene, usual_scene

FORGETFUL = 0.02

NOUNS = {
    "house": (("house", "houses"), ("cottage", "cottages"), ("home", "homes")),
    "boat": (("boat", "boats"), ("sailboat", "sailboats"), ("sailing boat", "sailing boats"), ("ship", "ships")),
    "tree": (("tree", "trees"), ("oak", "oaks")),
    "balloon": (("balloon", "balloons"), ("hot air balloon", "hot air balloons"), ("hot-air balloon", "hot-air balloons")),
    "car": (("car", "cars"), ("automobile", "automobiles")),
    "lighthouse": (("lighthouse", "lighthouses"), ("beacon", "beacons")),
    "flower": (("flower", "flowers"), ("blossom", "blossoms")),
    "bird": (("bird", "birds"), ("songbird", "songbirds")),
    "fish": (("fish", "fish"), ("fish", "fishes")),
    "mountain": (("mountain", "mountains"), ("mountain peak", "mountain peaks")),
    "mushroom": (("mushroom", "mushrooms"), ("toadstool", "toadstools")),
    "butterfly": (("butterfly", "butterflies"),),
    "cat": (("cat", "cats"), ("kitten", "kittens"), ("kitty", "kitties")),
    "castle": (("castle", "castles"), ("fortress", "fortresses")),
    "windmill": (("windmill", "windmills"), ("mill", "mills")),
    "tent": (("tent", "tents"),),
    "umbrella": (("umbrella", "umbrellas"), ("parasol", "parasols")),
    "rocket": (("rocket", "rockets"), ("spaceship", "spaceships")),
    "airplane": (("airplane", "airplanes"), ("plane", "planes"), ("aeroplane", "aeroplanes")),
    "kite": (("kite", "kites"),),
    "duck": (("duck", "ducks"),),
    "whale": (("whale", "whales"),),
    "sun": (("sun", "suns"), ("smiling sun", "smiling suns")),
    "moon": (("moon", "moons"), ("crescent moon", "crescent moons"))}
COLOUR_WORDS = {"purple": ("purple", "violet"), "red": ("red", "scarlet"), "turquoise": ("turquoise", "teal", "cyan"),
                "brown": ("brown", "chestnut"), "blue": ("blue", "blue", "royal blue"), "yellow": ("yellow", "golden")}
COUNT_WORDS = {"one": ("a", "a", "one", "a single"), "two": ("two", "two", "a pair of", "2"), "three": ("three", "three", "3")}
SIZE_WORDS = {"small": ("small", "little", "tiny"), "big": ("big", "large", "huge")}
PLACE_WORDS = {
    "left": ("on the left", "at the left", "on the left side", "to the left"),
    "middle": ("in the middle", "in the centre", "in the center"),
    "right": ("on the right", "at the right", "on the right side", "to the right")}
TIME_WORDS = {
    "dawn": ("at dawn", "in the morning", "in the early morning", "at sunrise", "at daybreak"),
    "noon": ("at noon", "by day", "in daylight", "during the day", "at midday"),
    "sunset": ("at sunset", "at dusk", "in the evening", "in the evening sun"),
    "night": ("at night", "by night", "in the moonlight", "by moonlight"),
    "stars": ("under the stars", "on a starry night", "under a starry sky", "beneath the stars")}
GROUND_WORDS = {
    "meadow": ("in a meadow", "on the grass", "in a green field"),
    "sea": ("at sea", "on the sea", "on the water", "in the ocean"),
    "desert": ("in the desert", "on the sand", "in a sandy desert"),
    "snow": ("in the snow", "in a snowy field", "in winter"),
    "hills": ("in the hills", "among green hills", "in a hilly land"),
    "city": ("in the city", "in a town", "on a city street", "downtown")}
GROUND_WORDS_BELOW = {
    "meadow": ("over a meadow", "above the grass", "over a green field"),
    "sea": ("over the sea", "above the water", "over the ocean"),
    "desert": ("over the desert", "above the sand"),
    "snow": ("over the snow", "above a snowy field", "in winter"),
    "hills": ("over the hills", "above green hills"),
    "city": ("over the city", "above the town", "over the rooftops")}
WEATHER_WORDS = {
    "clear": ("under a clear sky", "in clear weather", "in fine weather"),
    "rain": ("in the rain", "on a rainy day", "in rainy weather", "while it rains"),
    "snowfall": ("in falling snow", "while it snows", "with snowflakes", "in a snowfall"),
    "fog": ("in the fog", "in the mist", "in foggy weather", "in haze")}
RAIN_AT_NIGHT = ("in the rain", "in rainy weather", "while it rains")
RELATION_WORDS = {
    "left of": ("to the left of", "left of", "on the left of"),
    "right of": ("to the right of", "right of", "on the right of"),
    "above": ("above", "over", "flying over"),
    "behind": ("behind", "in back of")}
OPENINGS = ("", "", "", "", "", "a picture of ", "an illustration of ", "there is ", "a scene with ")


def noun_phrase(subject, colour, count, size, rng):
    many = count != "one"
    words = [rng.choice(COUNT_WORDS[count])]
    if size != "usual":
        words.append(rng.choice(SIZE_WORDS[size]))
    if colour:
        words.append(rng.choice(COLOUR_WORDS.get(colour, (colour,))))
    words.append(rng.choice((NOUNS[subject][0],) * 2 + NOUNS[subject])[many])
    if words[0] == "a" and words[1][0] in "aeiou":
        words[0] = "an"
    return " ".join(words)


def what_is_said(scene, rng):
    usual, said = usual_scene(scene.subject), set()
    for part, keep_usual in (("colour", 0.85), ("place", 0.3), ("time", 0.7), ("ground", 0.5), ("weather", 0.1)):
        is_usual = getattr(scene, part) == getattr(usual, part) and (part != "ground" or scene.other == NOBODY)
        if rng.random() < (keep_usual if is_usual else 1 - FORGETFUL):
            said.add(part)
    if scene.relation != "alone" or scene.count == "three":
        said.discard("place")
    return said


def caption(scene: Scene, rng: random.Random, complete=False) -> str:
    said = {"colour", "place", "time", "ground", "weather"} if complete else what_is_said(scene, rng)
    if complete and (scene.relation != "alone" or scene.count == "three"):
        said.discard("place")
    if complete and scene.weather == "clear":
        said.discard("weather")
    phrase = noun_phrase(scene.subject, "colour" in said and scene.colour, scene.count, scene.size, rng)
    if scene.relation != "alone":
        phrase += " " + rng.choice(RELATION_WORDS[scene.relation]) + " " + noun_phrase(
            scene.other, scene.other_colour, "one", "usual", rng)
    grounds = GROUND_WORDS_BELOW if scene.subject in FLYING and scene.other == NOBODY and rng.random() < 0.7 else GROUND_WORDS
    by_night = scene.time in ("night", "stars")
    words = {"place": PLACE_WORDS[scene.place], "time": TIME_WORDS[scene.time], "ground": grounds[scene.ground],
             "weather": RAIN_AT_NIGHT if by_night and scene.weather == "rain" else WEATHER_WORDS[scene.weather]}
    circumstances = [rng.choice(words[part]) for part in words if part in said]
    rng.shuffle(circumstances)
    if circumstances and rng.random() < 0.15:
        return ", ".join([circumstances.pop(), " ".join([phrase] + circumstances)])
    joint = ", " if rng.random() < 0.15 else " "
    opening = rng.choice(OPENINGS)
    if opening == "there is " and scene.count != "one":
        opening = "there are "
    return opening + joint.join([phrase] + circumstances)


def all_words():
    """Whatever a caption may say, by what it says it of: `words.json`."""
    def flat(table):
        return [phrase for phrases in table.values() for phrase in phrases]

    def without_doubles(phrases):
        return list(dict.fromkeys(phrases))

    groups = {"subjects": [form for nouns in NOUNS.values() for forms in nouns for form in forms],
              "colours": [word for colour in COLOURS for word in COLOUR_WORDS.get(colour, (colour,))],
              "counts": ["an"] + flat(COUNT_WORDS), "sizes": flat(SIZE_WORDS), "places": flat(PLACE_WORDS),
              "relations": flat(RELATION_WORDS), "times": flat(TIME_WORDS),
              "grounds": flat(GROUND_WORDS) + flat(GROUND_WORDS_BELOW), "weathers": flat(WEATHER_WORDS),
              "openings": [opening.strip() for opening in OPENINGS if opening] + ["there are"]}
    return {group: without_doubles(phrases) for group, phrases in groups.items()}
