"""What half precision and 8 bits cost in quality: the engine's own pictures of the same prompts and seeds in each precision,
against float32's, and their attributes as the classifier of `judge` reads them back.

MOBILEDIFFUSION_CLI names the engine's program.
"""

import json
import math
import os
import subprocess
import tempfile

import torch
from PIL import Image

from classifier import train_classifier
from stages.judge import accuracy, as_pictures, asked
from training import write_figures

REFERENCE, OTHERS = "float32", ("float16", "int8")


def pixels_of(path):
    with Image.open(path) as picture:
        return torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).view(picture.height, picture.width, 3)


def drawn(program, model, captions, precision):
    """Bytes (n, height, width, 3), one step each, every one from the first seed."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [program, "generate", "-", "--model", model, "--precision", precision, "--json", "-o", os.path.join(folder, "p.png")],
            input="\n".join(captions), text=True, check=True, stdout=subprocess.PIPE)
        files = [json.loads(line)["file"] for line in done.stdout.splitlines()]
        return torch.stack([pixels_of(file) for file in files])


def psnr(pictures, reference):
    """Of each picture, in dB."""
    squares = (pictures.float() - reference.float()).square().mean((1, 2, 3)).clamp(min=1e-9)
    return 20 * math.log10(255) - 10 * squares.log10()


def run(settings, folder, minutes, steps, path, **_):
    network, program = train_classifier(settings, folder, minutes, steps), os.environ["MOBILEDIFFUSION_CLI"]
    scenes, captions, _ = asked(settings, 16)
    scenes, captions = scenes[:settings.judged_slowly], captions[:settings.judged_slowly]
    reference = drawn(program, path, captions, REFERENCE)
    figures = {"prompts": len(captions), REFERENCE: {"accuracy": accuracy(network, as_pictures(reference), scenes)}}
    for precision in OTHERS:
        pictures = drawn(program, path, captions, precision)
        decibels = psnr(pictures, reference)
        figures[precision] = {"psnr": round(decibels.mean().item(), 1), "psnr_worst": round(decibels.min().item(), 1),
                              "accuracy": accuracy(network, as_pictures(pictures), scenes)}
    write_figures(os.path.join(path, "precisions.json"), figures)
