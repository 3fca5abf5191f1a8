"""Losses and accuracy over the time of every stage that was run, from their logs: a picture each."""

import json
import os

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend comes first)

ACCURACY = "right in one step, %", (("subjects_and_colours", "subjects and colours"), ("counts_and_places", "counts and places"))
PICTURES = {
    "losses.png": (
        ("vae", "PSNR, dB", (("psnr", "whole picture"), ("psnr_subject", "subjects' pixels"))),
        ("diffusion", "squared error", (
            ("one_step", "t = 999"), ("other", "t < 999"), ("own_chances", "t = 999, a scene's own chances"),
            ("others_chances", "t = 999, another's"))),
        ("gan", "squared error", (("one_step", "t = 999"), ("other", "t < 999")))),
    "accuracy.png": (("diffusion", *ACCURACY), ("gan", *ACCURACY))}


def curves_of(folder, stage, names):
    """From minutes to values, by their labels, as far as the stage's log has them."""
    log = os.path.join(folder, stage + ".log")
    if not os.path.exists(log):
        return {}
    with open(log) as file:
        lines = [json.loads(line) for line in file]
    curves = {label: [(line["seconds"] / 60, line[name]) for line in lines if name in line] for name, label in names}
    return {label: points for label, points in curves.items() if points}


def draw(panels, path):
    figure, axes = pyplot.subplots(1, len(panels), figsize=(4.4 * len(panels), 3.4), constrained_layout=True, squeeze=False)
    for axis, (stage, unit, curves) in zip(axes[0], panels):
        for label, points in curves.items():
            axis.plot(*zip(*points), label=label)
        axis.set(title=stage, xlabel="minutes", ylabel=unit)
        axis.legend(fontsize=8)
        axis.grid(alpha=0.3)
    figure.savefig(path, dpi=80)


def run(folder, path, **_):
    for name, panels in PICTURES.items():
        panels = [(stage, unit, curves) for stage, unit, names in panels if (curves := curves_of(folder, stage, names))]
        if panels:
            draw(panels, os.path.join(path, name))
