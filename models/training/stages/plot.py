"""The losses over time of every stage that was run, from their logs."""

import json
import os

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend comes first)

CURVES = {
    "vae": (("psnr", "whole picture"), ("psnr_subject", "subjects' pixels")),
    "diffusion": (("one_step", "t = 999"), ("other", "t < 999"), ("own_chances", "t = 999, a scene's own chances"),
                  ("others_chances", "t = 999, another's")),
    "gan": (("one_step", "t = 999"), ("other", "t < 999"))}
UNITS = {"vae": "PSNR, dB", "diffusion": "squared error", "gan": "squared error"}


def run(folder, path, **_):
    def log_of(stage):
        return os.path.join(folder, stage + ".log")

    stages = [stage for stage in CURVES if os.path.exists(log_of(stage))]
    figure, axes = pyplot.subplots(1, len(stages), figsize=(4.4 * len(stages), 3.4), constrained_layout=True, squeeze=False)
    for axis, stage in zip(axes[0], stages):
        with open(log_of(stage)) as file:
            lines = [json.loads(line) for line in file]
        for name, label in CURVES[stage]:
            points = [(line["seconds"] / 60, line[name]) for line in lines if name in line]
            if points:
                axis.plot(*zip(*points), label=label)
                axis.legend(fontsize=8)
        axis.set(title=stage, xlabel="minutes", ylabel=UNITS[stage])
        axis.grid(alpha=0.3)
    figure.savefig(os.path.join(path, "losses.png"), dpi=80)
