"""Losses and accuracy over the time of every stage that was run, from their logs."""

import json
import os

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend comes first)

ACCURACY = "right in one step, %", (("subjects_and_colours", "subjects and colours"), ("counts_and_places", "counts and places"))
PANELS = (
    ("vae", "PSNR, dB", (("psnr", "whole picture"), ("psnr_subject", "subjects' pixels"))),
    ("classifier", "cross-entropy of all parts", (("loss", "blurred and noisy renders"),)),
    ("diffusion", "squared error", (
        ("one_step", "t = 999"), ("other", "t < 999"), ("own_chances", "t = 999, a scene's own chances"),
        ("others_chances", "t = 999, another's"))),
    ("diffusion", *ACCURACY),
    ("gan", "squared error", (("one_step", "t = 999"), ("other", "t < 999"))),
    ("gan", *ACCURACY))


def curves_of(folder, stage, names):
    """From minutes to values, by their labels, as far as the stage's log has them."""
    log = os.path.join(folder, stage + ".log")
    if not os.path.exists(log):
        return {}
    with open(log) as file:
        lines = [json.loads(line) for line in file]
    curves = {label: [(line["seconds"] / 60, line[name]) for line in lines if name in line] for name, label in names}
    return {label: points for label, points in curves.items() if points}


def run(folder, path, **_):
    panels = [(stage, unit, curves) for stage, unit, names in PANELS if (curves := curves_of(folder, stage, names))]
    figure, axes = pyplot.subplots(1, len(panels), figsize=(4.4 * len(panels), 3.4), constrained_layout=True, squeeze=False)
    for axis, (stage, unit, curves) in zip(axes[0], panels):
        for label, points in curves.items():
            axis.plot(*zip(*points), label=label)
        axis.set(title=stage, xlabel="minutes", ylabel=unit)
        axis.legend(fontsize=8)
        axis.grid(alpha=0.3)
    figure.savefig(os.path.join(path, "losses.png"), dpi=80)
