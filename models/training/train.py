#!/usr/bin/env python3
"""One command a stage, in this order; each takes up where it was stopped.

    python3 models/training/train.py fetch          # the subjects' pictures and names; needs npm
    python3 models/training/train.py world          # render scenes
    python3 models/training/train.py adopt MODEL    # a model's autoencoder and text encoder, in place of vae and text
    python3 models/training/train.py vae            # 1. the autoencoder
    python3 models/training/train.py latents        # captions, tokenizer, encoded scenes
    python3 models/training/train.py text           # what captions mean, before there are pictures
    python3 models/training/train.py classifier     # reads attributes back, for judge and for the accuracy over training
    python3 models/training/train.py diffusion      # 2. the UNet
    python3 models/training/train.py gan            # 3. DiffusionGAN: one step
    python3 models/training/train.py export OUT     # 4. a model folder
    python3 models/training/train.py known MODEL    # which subjects it draws well enough to name them
    python3 models/training/train.py sheet MODEL    # pictures of its prompts.txt
    python3 models/training/train.py decoders MODEL # the lite decoder beside one of four times its size
    python3 models/training/train.py precisions MODEL   # what half precision and 8 bits cost in quality, and their speed
    python3 models/training/train.py judge MODEL    # every figure that it must reach
    python3 models/training/train.py answers MODEL  # what a shipped folder, of 8 bits, must answer
    python3 models/training/train.py cover MODEL    # the first of its prompts, as the program draws them
    python3 models/training/train.py card MODEL     # the figures of its README.md
    python3 models/training/train.py plot MODEL     # losses and accuracy over training
    python3 models/training/train.py all [OUT]      # everything from world to export, --minutes in all
"""

import argparse
import ctypes
import importlib
import os

# Two thread pools that wait for each other's cores made products of matrices seventy times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
# Yet a thread that sleeps at once after each small operator is woken too late: steps took 1.6 times as long without this.
os.environ.setdefault("GOMP_SPINCOUNT", "20000")

import torch

import settings

MINUTES = {"vae": 60, "text": 12, "classifier": 35, "diffusion": 60, "gan": 30, "decoders": 10, "all": 240}
STAGES = ("fetch", "world", "adopt", "vae", "latents", "text", "classifier", "diffusion", "gan", "export", "known", "sheet",
          "decoders", "precisions", "judge", "plot", "answers", "cover", "card", "all")
SMOKE_STEPS, SMOKE_STEPS_ON_A_GPU = 3, 40       # where every kind of step is to be recorded as well


def keep_memory():
    """glibc gives a large tensor back to the system when it dies; to fault its pages in anew can take longer than to draw."""
    trim_threshold, mmap_max, arenas = -1, -4, -8
    for option, value in ((trim_threshold, 2 ** 31 - 1), (mmap_max, 0), (arenas, 1)):
        getattr(ctypes.CDLL(None), "mallopt", lambda *_: 0)(option, value)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("path", nargs="?", help="the model folder that export writes and the rest read")
    parser.add_argument("--run", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "runs"),
                        help="where checkpoints, caches and logs live (default: %(default)s)")
    parser.add_argument("--minutes", type=float, help="the budget of a training stage (default: %s)" % MINUTES)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=0, help="processor threads (default: PyTorch's choice)")
    parser.add_argument("--judges", metavar="FOLDER", help="SqueezeNet and LPIPS weights for perceptual losses; without, they are skipped")
    parser.add_argument("--warm", metavar="MODEL", help="start vae, text and diffusion from this model folder's weights, which may be int8")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes and a few steps, to see that everything runs")
    options = parser.parse_args()
    if (options.stage == "adopt" or options.stage in STAGES[STAGES.index("export"):-1]) and not options.path:
        parser.error(f"{options.stage} needs the path of a model folder")
    if options.threads:
        torch.set_num_threads(options.threads)
    os.makedirs(options.run, exist_ok=True)
    keep_memory()
    torch.backends.cudnn.benchmark = True
    torch.set_float32_matmul_precision("high")      # TF32 where a GPU is asked for float32
    torch.manual_seed(0)
    sizes = settings.SMOKE if options.smoke else settings.ON_A_GPU if options.device.startswith("cuda") else settings.DEFAULT
    smoke_steps = SMOKE_STEPS_ON_A_GPU if options.device.startswith("cuda") else SMOKE_STEPS
    importlib.import_module("stages." + options.stage).run(
        settings=sizes, folder=options.run, device=options.device,
        minutes=None if options.smoke else options.minutes or MINUTES.get(options.stage),
        steps=smoke_steps if options.smoke else None, path=options.path, warm=options.warm, judges=options.judges)


if __name__ == "__main__":
    main()
