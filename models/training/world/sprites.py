"""The subjects' pictures: premultiplied by their alpha, cropped to it, in halving sizes, and ready to be recoloured."""

import json
import os

import numpy as np
from PIL import Image

from world.subjects import SUBJECTS

SIZE = 256
# What a named colour looks like in this palette.
COLOURS = {
    "red": (232, 58, 72), "orange": (255, 138, 44), "yellow": (255, 206, 52), "green": (76, 186, 82),
    "turquoise": (48, 200, 196), "blue": (58, 130, 246), "purple": (150, 84, 220), "pink": (255, 128, 190),
    "brown": (146, 92, 62), "white": (240, 240, 246), "black": (58, 56, 70), "grey": (150, 152, 164)}
BAND = 48           # degrees of hue beside a picture's own that are recoloured with it


def build(packages, path):
    """All the subjects' pictures from the unpacked packages into one file."""
    entries = json.load(open(os.path.join(packages, "unicode-emoji-json", "data-by-emoji.json"), encoding="utf-8"))
    emoji_of = {entry["name"]: emoji for emoji, entry in entries.items()}
    assets = os.path.join(packages, "fluent-emoji-3d", "assets")
    pictures = np.zeros((len(SUBJECTS), SIZE, SIZE, 4), np.uint8)
    for i, subject in enumerate(SUBJECTS.values()):
        points = [f"{ord(c):04x}" for c in emoji_of[subject.emoji]]
        names = ["-".join(points), "-".join(p for p in points if p != "fe0f"), "-".join(points + ["fe0f"])]
        found = [n for n in names if os.path.exists(os.path.join(assets, n + ".webp"))]
        if not found:
            raise FileNotFoundError(f"no picture of {subject.emoji}: {names}")
        pictures[i] = np.asarray(Image.open(os.path.join(assets, found[0] + ".webp")).convert("RGBA").resize((SIZE, SIZE)))
    np.save(path, pictures)


def hue(rgb):
    """Degrees, for RGB in 0..1."""
    high, low = rgb.max(-1), rgb.min(-1)
    r, g, b = np.moveaxis(rgb, -1, 0)
    spread = np.maximum(high - low, 1e-6)
    sixth = np.where(high == r, (g - b) / spread % 6, np.where(high == g, (b - r) / spread + 2, (r - g) / spread + 4))
    return sixth * 60


class Sprite:
    """One subject's picture, cropped to what is not clear; `halves[k]` is it at 1 / 2^k of its size."""

    def __init__(self, rgba):
        alpha = rgba[..., 3]
        rows, columns = np.nonzero(alpha.max(1) > 8)[0], np.nonzero(alpha.max(0) > 8)[0]
        self.rgba = rgba[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1].astype(np.float32) / 255
        self.height, self.width = self.rgba.shape[:2]
        self._measure()
        self._cache = {}

    def alpha_at(self, across, down):
        """At positions from 0 to 1 across and down its picture; those outside as at its border."""
        column, row = (np.clip((at * size).astype(int), 0, size - 1) for at, size in ((across, self.width), (down, self.height)))
        return self.rgba[row, column, 3]

    def _measure(self):
        rgb, alpha = self.rgba[..., :3], self.rgba[..., 3]
        spread = rgb.max(-1) - rgb.min(-1)
        strong = alpha * np.clip((spread - 0.22) / 0.12, 0, 1)
        hues = hue(rgb)
        histogram, _ = np.histogram(hues, 36, (0, 360), weights=strong * spread)
        smooth = sum(np.roll(histogram, k) for k in (-2, -1, 0, 1, 2))
        self.hue = (int(smooth.argmax()) + 0.5) * 10
        away = np.abs((hues - self.hue + 180) % 360 - 180)
        self.band = np.clip((BAND - away) / 12, 0, 1) * np.clip((spread - 0.14) / 0.14, 0, 1)
        self.coloured = float((self.band * alpha).sum() / alpha.sum())          # share of it that can be recoloured
        light = rgb @ np.float32([0.30, 0.55, 0.15])
        self.light = light
        self.mean_light = float((light * self.band * alpha).sum() / max((self.band * alpha).sum(), 1e-6))
        weight = (self.band * alpha)[..., None]
        self.mean = (rgb * weight).sum((0, 1)) / max(weight.sum(), 1e-6)

    @property
    def own_colour(self):
        """The name of the colour that it has of itself, or None where that is hard to say."""
        if self.coloured < 0.6:
            return None
        distances = sorted((float(np.abs(np.float32(c) / 255 - self.mean).sum()), name) for name, c in COLOURS.items())
        return distances[0][1] if distances[0][0] < 0.40 and distances[1][0] > distances[0][0] + 0.25 else None

    @property
    def can_be_recoloured(self):
        return self.coloured > 0.35

    def coloured_as(self, colour):
        """Its colour's shades become the named one's; whites, darks and what has another colour stay."""
        if colour is None:
            return self.rgba
        target = np.float32(COLOURS[colour]) / 255
        shade = (self.light / max(self.mean_light, 0.05))[..., None]
        shade = 1 + (shade - 1) * (0.75 if colour in ("white", "black") else 0.9)
        painted = np.where(shade < 1, target * shade, target + (1 - target) * np.clip((shade - 1) * 0.8, 0, 1))
        band = self.band[..., None]
        return np.concatenate([self.rgba[..., :3] * (1 - band) + painted * band, self.rgba[..., 3:]], -1)

    def halves(self, colour=None):
        """Premultiplied 8-bit pictures of it, each half as large as the last."""
        if colour not in self._cache:
            if len(self._cache) > 3:
                self._cache.pop(next(key for key in self._cache if key is not None or len(self._cache) == 1))
            whole = self.coloured_as(colour).copy()
            whole[..., :3] *= whole[..., 3:]
            # A clear border, so that edges fade outwards.
            whole = np.pad(whole, ((4, 4), (4, 4), (0, 0)))
            # RGBa is what Pillow calls it: RGBA it would multiply again before it scales, which frays the edges.
            bytes_of_it = (np.clip(whole, 0, 1) * 255 + 0.5).astype(np.uint8)
            picture = Image.frombytes("RGBa", bytes_of_it.shape[1::-1], bytes_of_it.tobytes())
            self._cache[colour] = [picture, picture.resize((max(1, picture.width // 2), max(1, picture.height // 2)), Image.BOX),
                                   picture.resize((max(1, picture.width // 4), max(1, picture.height // 4)), Image.BOX)]
        return self._cache[colour]


class Sprites(dict):
    """All of them by noun, each made when first asked for."""

    def __init__(self, path, nouns=None):
        super().__init__()
        self.pictures = np.load(path, mmap_mode="r")
        self.nouns = list(nouns or SUBJECTS)

    def __missing__(self, noun):
        self[noun] = Sprite(np.asarray(self.pictures[self.nouns.index(noun)]))
        return self[noun]
