"""Every stage in one call, each with its share of the minutes: for a machine that is lent for a short while.

What an earlier call has finished is gone on with; pictures and caches that are in the run folder are used.
"""

import importlib
import os
import time

from stages import export

SHARES = (("world", 0.10), ("vae", 0.27), ("latents", 0.12), ("text", 0.06), ("classifier", 0.08), ("diffusion", 0.25), ("gan", 0.12))


def run(settings, folder, minutes, steps, path, device, **others):
    began, left = time.time(), 1.0
    for stage, share in SHARES:
        # What a stage leaves over goes to those after it.
        remaining = minutes and minutes - (time.time() - began) / 60
        own = minutes and max(0.2, remaining * share / left)
        left -= share
        print(f"== {stage}: {own or 0:.1f} minutes", flush=True)
        importlib.import_module("stages." + stage).run(
            settings=settings, folder=folder, minutes=own, steps=steps, path=path, device=device, **others)
    export.run(settings=settings, folder=folder, path=path or os.path.join(folder, "model"))
