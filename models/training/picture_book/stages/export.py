"""Stage 4: a model folder, weights in float16, and what these must answer, for the engine's `verify`; and one from before the GAN."""

import os

from picture_book import captions
from picture_book.world import BACKDROPS, COLOURS, COUNTS, GROUNDS, RELATIONS, SIZES, TIMES, WEATHERS, usual_ground
from picture_book.subjects import NAMED, SUBJECTS
from picture_book.world import share
from stages import export
from stages.export import write_json

PROMPT = "a red dragon above a castle at night"


def describe():
    """What anyone needs to compose prompts: `world.json`."""
    return {"subjects": list(NAMED), "colours": list(COLOURS), "counts": list(COUNTS), "sizes": list(SIZES), "times": list(TIMES),
            "grounds": list(GROUNDS), "backgrounds": list(BACKDROPS), "weathers": list(WEATHERS), "relations": list(RELATIONS[1:]),
            "usual": {noun: {"ground": usual_ground(noun), "bearing": SUBJECTS[noun].bearing} for noun in NAMED},
            "never_trained": {
                "colours": [[n, c] for n in NAMED for c in COLOURS if share(n, c) < 1 / 12],
                "grounds": [[n, g] for n in NAMED for g in GROUNDS if g != usual_ground(n) and share(n, g) < 1 / 12]}}


def run(settings, folder, path, **_):
    write_json(os.path.join(folder, "world.json"), describe())
    words = captions.all_words(NAMED)
    export.write(settings, folder, path, words, PROMPT)
    if export.last_stage(folder) == "gan":
        export.write(settings, folder, before_gan(folder), words, PROMPT, "diffusion")


def before_gan(folder):
    """A model folder of what DiffusionGAN began with: in the run folder, for judging alone."""
    return os.path.join(folder, "before-gan")
