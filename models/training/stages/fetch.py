"""The first stage: fetches the subjects' pictures and names, by npm, into the run folder; the smoke run draws its own.

Fluent Emoji in 3D (Microsoft, MIT) as packed by LobeHub, unicode-emoji-json (MIT) and emojilib (MIT).
"""

import colorsys
import hashlib
import os
import subprocess
import tarfile

import numpy as np

from world import sprites
from world.subjects import SUBJECTS

PACKAGES = (
    ("@lobehub/fluent-emoji-3d@1.1.0", "lobehub-fluent-emoji-3d-1.1.0.tgz", "fluent-emoji-3d",
     "c1bb7eee7de090205a232518a9ab4adb3df458bfbe8a1f78232991194c8b2e58"),
    ("unicode-emoji-json@0.9.0", "unicode-emoji-json-0.9.0.tgz", "unicode-emoji-json",
     "ae7efacb55533385bf8767d613dbd36c71226669759d95919a6e9059f5e4c401"),
    ("emojilib@4.0.3", "emojilib-4.0.3.tgz", "emojilib",
     "7f9a6b43cff31d18985b7d65d11faba5bd971cbcc60020cf6d09322fbaaaf303"))
DRAWN = 32


def fetch(folder):
    os.makedirs(folder, exist_ok=True)
    for name, file, short, hashed in PACKAGES:
        path = os.path.join(folder, file)
        if not os.path.exists(path):
            subprocess.run(["npm", "pack", "--silent", name], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        with open(path, "rb") as content:
            found = hashlib.sha256(content.read()).hexdigest()
        if found != hashed:
            raise SystemExit(f"{path} is not what it should be: SHA-256 {found}, not {hashed}")
        with tarfile.open(path) as archive:
            for member in archive.getmembers():
                if member.isfile() and member.name.startswith("package/") and ".." not in member.name:
                    member.name = os.path.join(short, member.name[len("package/"):])
                    archive.extract(member, folder)
        print("fetch:", name, flush=True)


def draw(path):
    """A coloured shape for every subject."""
    y, x = (np.mgrid[0:DRAWN, 0:DRAWN].astype(np.float32) + 0.5) / DRAWN * 2 - 1
    pictures = np.zeros((len(SUBJECTS), DRAWN, DRAWN, 4), np.uint8)
    for i in range(len(SUBJECTS)):
        colour = np.float32(colorsys.hsv_to_rgb(i * 0.618 % 1, 0.8, 0.9)) * 255
        radius = np.hypot(x, y) * (1 + 0.25 * np.sin((3 + i % 5) * np.arctan2(y, x)))
        pictures[i, ..., :3] = colour * (0.8 - 0.2 * y[..., None])
        pictures[i, ..., 3] = np.clip((0.75 - radius) * DRAWN / 2, 0, 1) * 255
    np.save(path, pictures)


def run(settings, folder, **_):
    path = os.path.join(folder, "sprites.npy")
    if settings.draws_its_own:
        draw(path)
        return
    packages = os.path.join(folder, "packages")
    fetch(packages)
    sprites.build(packages, path)
    print("fetch:", len(SUBJECTS), "pictures")
