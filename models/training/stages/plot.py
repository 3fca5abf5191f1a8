"""Losses and accuracy over the time of every stage that was run, from their logs, and accuracy.json's figures beside what they
must reach: a picture each."""

import json
import os

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend comes first)

PARTS = ("subject", "colour of the right subject", "count", "relation", "time", "ground")
ACCURACY = "right in one step, %", tuple((part.replace(" ", "_"), part) for part in PARTS)
PICTURES = {
    "losses.png": (
        ("vae", "PSNR, dB", (("psnr", "whole picture"), ("psnr_subject", "subjects' pixels"))),
        ("vae", "LPIPS", (("lpips", "held-out scenes, and crops"),)),
        ("diffusion", "squared error", (
            ("one_step", "t = 999"), ("other", "t < 999"), ("own_chances", "t = 999, a scene's own chances"),
            ("others_chances", "t = 999, another's"))),
        ("gan", "squared error", (("one_step", "t = 999"), ("other", "t < 999")))),
    "accuracy.png": (("diffusion", *ACCURACY), ("gan", *ACCURACY))}

REACHED, MISSED = "#4caf6a", "#e0705a"


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


def draw_bounds(rows, path):
    """How much of what it must reach each figure is."""
    rows = [row for row in rows if row["figure"] is not None and row.get("at least", row.get("at most"))][::-1]
    shares = [row["figure"] / row["at least"] if "at least" in row else row["at most"] / max(row["figure"], 1e-9) for row in rows]
    figure, axis = pyplot.subplots(figsize=(8, 0.3 * len(rows) + 0.9), constrained_layout=True)
    axis.barh([row["what"] for row in rows], [min(max(share, 0), 2) for share in shares],
              color=[REACHED if row["reached"] else MISSED for row in rows])
    for i, row in enumerate(rows):
        axis.text(0.02, i, f"{row['figure']:g}", va="center", fontsize=8)
    axis.axvline(1, color="black", linewidth=1)
    axis.set(xlabel="of what must be reached", xlim=(0, 2))
    figure.savefig(path, dpi=80)


def run(folder, path, **_):
    for name, panels in PICTURES.items():
        panels = [(stage, unit, curves) for stage, unit, names in panels if (curves := curves_of(folder, stage, names))]
        if panels:
            draw(panels, os.path.join(path, name))
    judged = os.path.join(path, "accuracy.json")
    if os.path.exists(judged):
        with open(judged) as file:
            draw_bounds(json.load(file)["must reach"], os.path.join(path, "figures.png"))
