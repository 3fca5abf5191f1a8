"""Every stage in one call, each with its share of the minutes: for a machine that is lent for a short while.

What an earlier call has finished is gone on with; pictures and caches that are in the run folder are used. With a GPU, stages that
mostly render, on the processor's cores, run in processes of their own beside those that mostly learn.
"""

import atexit
import importlib
import os
import subprocess
import sys
import time

from stages import export

IN_TURN = (("world", 0.10), ("vae", 0.27), ("latents", 0.12), ("text", 0.06), ("classifier", 0.08), ("diffusion", 0.25), ("gan", 0.12))
WITH_A_GPU = (("world", 0.05), ("vae", 0.13), ("text", 0.09), ("diffusion", 0.42), ("gan", 0.31))
BESIDE = {"vae": "classifier", "text": "latents"}       # what begins with a stage
CLASSIFIER = 0.12                                       # of all minutes, once its scenes are rendered
NICE = 10                                               # they leave the cores to what learns
TRAIN = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "train.py")


class Beside:
    """Stages in processes of their own."""

    def __init__(self, folder, device, steps):
        self.arguments = ["--run", folder, "--device", device] + ([] if steps is None else ["--smoke"])
        self.folder, self.processes = folder, {}

    def begin(self, stage, minutes):
        """Minutes of None are a smoke run's; latents have none, and end with the rest."""
        own = [] if minutes is None or stage == "latents" else ["--minutes", str(minutes)]
        with open(os.path.join(self.folder, stage + ".out"), "w") as said:
            self.processes[stage] = subprocess.Popen(["nice", "-n", str(NICE), sys.executable, TRAIN, stage, *self.arguments, *own],
                                                     stdout=said, stderr=subprocess.STDOUT)
        atexit.register(self.processes[stage].terminate)        # also where a stage fails here

    def end(self):
        """Latents are stopped, since nothing learns from more of them; others are waited for."""
        for stage, process in self.processes.items():
            if stage == "latents":
                process.terminate()
            if process.wait() > 0:
                raise SystemExit(f"{stage} failed: see {os.path.join(self.folder, stage + '.out')}")


def run(settings, folder, minutes, steps, path, device, **others):
    began, left = time.time(), 1.0
    beside = Beside(folder, device, steps) if settings.renders_beside else None
    for stage, share in WITH_A_GPU if beside else IN_TURN:
        # What a stage leaves over goes to those after it.
        remaining = minutes and minutes - (time.time() - began) / 60
        own = minutes and max(0.2, remaining * share / left)
        left -= share
        print(f"== {stage}: {own or 0:.1f} minutes", flush=True)
        if beside and stage in BESIDE:
            beside.begin(BESIDE[stage], minutes and minutes * CLASSIFIER)
        importlib.import_module("stages." + stage).run(
            settings=settings, folder=folder, minutes=own, steps=steps, path=path, device=device, **others)
    if beside:
        beside.end()
    export.run(settings=settings, folder=folder, path=path or os.path.join(folder, "model"))
