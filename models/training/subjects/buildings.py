"""What people built: each painter within about -1..1 on both axes, in one main colour."""

from shapes import both, box, capsule, circle, ellipse, frame, polygon
from subjects.palette import CREAM, DARK, GLASS, ROOF, STONE, WOOD, sideways


def house(b, colour):
    x, y = b.x, b.y
    b.fill(box(x, y, 0.42, 0.72, 0.12, 0.3), WOOD)
    b.fill(box(x, y, 0, -0.42, 0.72, 0.58), colour, sideways(x, 0.15))
    b.fill(polygon(x, y, (-0.95, 0.1), (0.95, 0.1), (0, 0.95)), ROOF, sideways(x))
    b.fill(box(x, y, 0, -0.66, 0.17, 0.34, 0.05), WOOD)
    for side in (-0.44, 0.44):
        b.fill(box(x, y, side, -0.3, 0.17, 0.19), CREAM)


def lighthouse(b, colour):
    x, y = b.x, b.y
    b.fill(ellipse(x, y, 0, -1.0, 0.75, 0.24), STONE, 1.0 + 0.5 * (y + 1))
    tower = polygon(x, y, (-0.38, -0.95), (0.38, -0.95), (0.24, 0.5), (-0.24, 0.5))
    b.fill(tower, CREAM, sideways(x))
    for low, high in ((-0.95, -0.6), (-0.22, 0.14)):
        b.fill(both(tower, box(x, y, 0, (low + high) / 2, 1, (high - low) / 2)), colour, sideways(x))
    b.fill(box(x, y, 0, 0.5, 0.34, 0.06), DARK)
    b.fill(box(x, y, 0, 0.67, 0.18, 0.14), (1.0, 0.9, 0.45))
    b.fill(polygon(x, y, (-0.3, 0.78), (0.3, 0.78), (0, 1.05)), colour, sideways(x))


def castle(b, colour):
    x, y = b.x, b.y
    for side in (-0.68, 0.68):
        b.fill(box(x, y, side, -0.25, 0.24, 0.75), colour, sideways(x, 0.25))
        b.fill(polygon(x, y, (side - 0.32, 0.45), (side + 0.32, 0.45), (side, 1.0)), ROOF, sideways(x - side))
        b.fill(box(x, y, side, 0.05, 0.07, 0.14, 0.06), DARK)
    b.fill(box(x, y, 0, -0.45, 0.5, 0.55), colour, 0.88 + 0 * x)
    for tooth in (-0.36, 0.0, 0.36):
        b.fill(box(x, y, tooth, 0.16, 0.11, 0.1), colour, 0.88 + 0 * x)
    b.fill(box(x, y, 0, -0.72, 0.2, 0.36, 0.18), WOOD)


def windmill(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.48, -1.0), (0.48, -1.0), (0.28, 0.3), (-0.28, 0.3)), colour, sideways(x))
    b.fill(both(ellipse(x, y, 0, 0.28, 0.34, 0.34), 0.28 - y), ROOF, sideways(x))
    b.fill(box(x, y, 0, -0.8, 0.13, 0.22, 0.08), WOOD)
    b.fill(box(x, y, 0, -0.25, 0.1, 0.12), GLASS)
    for ax, ay in ((0.58, 0.58), (-0.58, 0.58), (-0.58, -0.58), (0.58, -0.58)):
        b.fill(capsule(x, y, 0, 0.3, ax, 0.3 + ay, 0.035), WOOD)
        b.fill(polygon(*frame(x, y, 0, 0.3, ax, ay), (0.22, 0.02), (0.85, 0.02), (0.85, 0.24), (0.22, 0.24)), CREAM)


def tent(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-1.0, -1.0), (1.0, -1.0), (0.04, 0.62), (-0.04, 0.62)), colour, sideways(x, 0.3))
    b.fill(polygon(x, y, (-0.34, -1.0), (0.34, -1.0), (0.0, 0.2)), DARK)
    b.fill(polygon(x, y, (0.0, -1.0), (0.34, -1.0), (0.0, 0.2)), CREAM)
    b.fill(capsule(x, y, 0, 0.6, 0, 0.95, 0.03), WOOD)
    b.fill(polygon(x, y, (0.0, 0.68), (0.36, 0.8), (0.0, 0.93)), CREAM)


def umbrella(b, colour):
    x, y = b.x, b.y
    b.fill(capsule(x, y, 0, -0.98, 0, 0.85, 0.05), WOOD)
    dome = both(ellipse(x, y, 0, 0.05, 0.98, 0.85), 0.05 - y)
    b.fill(dome, colour, sideways(x))
    b.fill(both(dome, ellipse(x, y, 0, 0.0, 0.34, 0.95)), CREAM, sideways(x, 0.2))
    for cx in (-0.66, 0.0, 0.66):
        b.fill(both(ellipse(x, y, cx, 0.05, 0.33, 0.12), y - 0.06), CREAM if cx == 0 else colour, 0.8 + 0 * x)
