"""Losses and accuracy over the time of every stage that was run, from their logs: a picture each."""

import os

from stages.plot import curves_of, draw

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


def run(folder, path, **_):
    for name, panels in PICTURES.items():
        panels = [(stage, unit, curves) for stage, unit, names in panels if (curves := curves_of(folder, stage, names))]
        if panels:
            draw(panels, os.path.join(path, name))
