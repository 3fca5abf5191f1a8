"""The losses of every stage over time, from their logs."""

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
    figure, axes = pyplot.subplots(1, len(CURVES), figsize=(13, 3.4), constrained_layout=True)
    for axis, (stage, curves) in zip(axes, CURVES.items()):
        log = os.path.join(folder, stage + ".log")
        lines = [json.loads(line) for line in open(log)] if os.path.exists(log) else []
        for name, label in curves:
            points = [(line["seconds"] / 60, line[name]) for line in lines if name in line]
            if points:
                axis.plot(*zip(*points), label=label)
                axis.legend(fontsize=8)
        axis.set(title=stage, xlabel="minutes", ylabel=UNITS[stage])
        axis.grid(alpha=0.3)
    figure.savefig(os.path.join(path, "losses.png"), dpi=80)
