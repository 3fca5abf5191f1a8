"""What grows and shines: each painter within about -1..1 on both axes, in one main colour."""

import math

from shapes import arc, both, capsule, circle, ellipse, frame, polygon, union, without
from subjects.palette import CREAM, DARK, LEAF, STEM, WOOD, sideways


def tree(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.17, -1.0), (0.17, -1.0), (0.1, 0.1), (-0.1, 0.1)), WOOD)
    crown = union(circle(x, y, -0.42, 0.1, 0.42), circle(x, y, 0.42, 0.1, 0.42), circle(x, y, 0, 0.48, 0.52))
    b.fill(crown, colour, 1.0 + 0.2 * (y - 0.3) - 0.15 * x)


def flower(b, colour):
    x, y = b.x, b.y
    b.fill(capsule(x, y, 0, -1.0, 0, 0.2, 0.07), STEM)
    b.fill(ellipse(x + 0.7 * (y + 0.6), y, -0.28, -0.6, 0.2, 0.13), LEAF)
    b.fill(ellipse(x - 0.7 * (y + 0.6), y, 0.28, -0.6, 0.2, 0.13), LEAF)
    petals = union(*(circle(x, y, 0.42 * px, 0.38 + 0.42 * py, 0.3) for px, py in (
        (0, 1), (0.95, 0.31), (0.59, -0.81), (-0.59, -0.81), (-0.95, 0.31))))
    b.fill(petals, colour, 1.0 - 0.12 * x + 0.1 * y)
    b.fill(circle(x, y, 0, 0.38, 0.24), (0.85, 0.6, 0.2))


def mushroom(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.36, -1.0), (0.36, -1.0), (0.24, 0.1), (-0.24, 0.1)), CREAM, sideways(x, 0.3))
    cap = both(ellipse(x, y, 0, -0.05, 0.95, 0.95), -0.05 - y)
    b.fill(cap, colour, sideways(x, 0.2))
    for px, py, radius in ((-0.45, 0.22, 0.15), (0.05, 0.55, 0.18), (0.5, 0.2, 0.15)):
        b.fill(circle(x, y, px, py, radius), CREAM)


def mountain(b, colour):
    x, y = b.x, b.y
    peak = polygon(x, y, (-1.15, -1.0), (1.15, -1.0), (0.0, 0.95))
    b.fill(peak, colour, 1.0 + 0.1 * y)
    b.fill(both(peak, -(x - 0.12 * (6 * y).sin() * (1 - y) * 0.5)), colour, 0.75 + 0.1 * y)
    b.fill(both(peak, 0.42 + 0.1 * (9 * x).cos() - y), (0.97, 0.98, 1.0))


def sun(b, colour):
    x, y = b.x, b.y
    for i in range(12):
        c, s = math.cos(i * math.pi / 6), math.sin(i * math.pi / 6)
        b.fill(polygon(*frame(x, y, 0, 0, c, s), (0.55, -0.15), (0.98, 0.0), (0.55, 0.15)), colour, 0.9 + 0 * x)
    b.fill(circle(x, y, 0, 0, 0.6), colour, 1.08 + 0.15 * y)
    for side in (-0.2, 0.2):
        b.fill(ellipse(x, y, side, 0.1, 0.06, 0.1), DARK)
    b.fill(arc(x, y, 0, -0.08, 0.24, 0.05), DARK)


def moon(b, colour):
    x, y = b.x, b.y
    crescent = without(circle(x, y, -0.08, 0, 0.88), circle(x, y, 0.36, 0.14, 0.72))
    b.fill(crescent, colour, 1.05 + 0.2 * y)
    b.fill(circle(x, y, -0.62, 0.16, 0.07), DARK)
    b.fill(arc(x, y, -0.5, -0.26, 0.16, 0.045), DARK)
