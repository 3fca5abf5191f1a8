"""cover.png: the first of prompts.txt as the engine's program draws them of the shipped folder, at full size, each from seed 0.

MOBILEDIFFUSION_CLI names the program; who types one of these prompts gets the picture that is shown.
"""

import os

from judging import engine
from stages.sheet import lay_out, prompts_of

SHOWN, PROMPTS_A_ROW = 12, 4


def run(settings, path, **_):
    prompts = prompts_of(path)[:SHOWN]
    pictures = engine.drawn(path, prompts, "int8")
    lay_out(pictures[:, None], prompts, settings.size, PROMPTS_A_ROW).save(os.path.join(path, "cover.png"), optimize=True)
