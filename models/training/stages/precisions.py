"""What half precision and the shipped folder of 8 bits cost in quality and time: the engine's own pictures against float16's, and
what the classifier reads in them. MOBILEDIFFUSION_CLI names the engine's program; the shipped folder is made in the run folder.
"""

import os
import shutil

from judging import engine
from judging.classifier import accuracy
from judging.judge import Judge, as_pictures
from training import write_figures

REFERENCE = "float16"


def megabytes(folder):
    return sum(os.path.getsize(os.path.join(where, file)) for where, _, files in os.walk(folder) for file in files) / 1e6


def run(settings, folder, path, device, **_):
    shipped = os.path.join(folder, "shipped")
    shutil.rmtree(shipped, ignore_errors=True)
    engine.quantize(path, shipped)
    judge = Judge(settings, folder, path, None, settings.size, device)
    scenes, captions = judge.scenes(16, settings.judged_slowly)
    reference, figures = engine.drawn(path, captions, REFERENCE), {"prompts": len(captions)}
    for precision, model in ((REFERENCE, path), ("float32", path), ("int8", shipped)):
        pictures = reference if precision == REFERENCE else engine.drawn(model, captions, precision)
        decibels = engine.psnr(pictures, reference)
        figures[precision] = {
            "megabytes": round(megabytes(model), 1), "seconds": round(engine.seconds(model, precision, settings.size), 4),
            "psnr": round(decibels.mean().item(), 1), "psnr_worst": round(decibels.min().item(), 1),
            "accuracy": accuracy(judge.classifier, as_pictures(pictures), scenes)}
    write_figures(os.path.join(path, "precisions.json"), figures)
