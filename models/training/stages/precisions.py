"""What half precision and 8 bits cost in quality: the engine's own pictures of the same prompts and seeds in each precision,
against float32's, and their attributes as the classifier of `judge` reads them back.

MOBILEDIFFUSION_CLI names the engine's program.
"""

import os

from classifier import train_classifier
from engine import drawn, psnr
from stages.judge import accuracy, as_pictures, asked
from training import write_figures

REFERENCE, OTHERS = "float32", ("float16", "int8")


def run(settings, folder, minutes, steps, path, **_):
    network = train_classifier(settings, folder, minutes, steps)
    scenes, captions, _ = asked(settings, 16)
    scenes, captions = scenes[:settings.judged_slowly], captions[:settings.judged_slowly]
    reference = drawn(path, captions, REFERENCE)
    figures = {"prompts": len(captions), REFERENCE: {"accuracy": accuracy(network, as_pictures(reference), scenes)}}
    for precision in OTHERS:
        pictures = drawn(path, captions, precision)
        decibels = psnr(pictures, reference)
        figures[precision] = {"psnr": round(decibels.mean().item(), 1), "psnr_worst": round(decibels.min().item(), 1),
                              "accuracy": accuracy(network, as_pictures(pictures), scenes)}
    write_figures(os.path.join(path, "precisions.json"), figures)
