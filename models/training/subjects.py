"""What can stand in a scene: one short painter a subject, each within about -1..1 on both axes, in one main colour."""


from shapes import box, both, capsule, circle, ellipse, polygon, union

WOOD, DARK, CREAM, GLASS, LEAF, STEM = (
    (0.45, 0.28, 0.17), (0.17, 0.17, 0.22), (1.0, 0.96, 0.86), (0.75, 0.9, 1.0), (0.25, 0.6, 0.28), (0.2, 0.5, 0.22))


def sideways(x, strength=0.25):
    """Light from the left, as in most picture books."""
    return 1 - strength * x.clamp(-1, 1)


def house(b, colour):
    x, y = b.x, b.y
    b.fill(box(x, y, 0.42, 0.72, 0.12, 0.3), WOOD)
    b.fill(box(x, y, 0, -0.42, 0.72, 0.58), colour, sideways(x, 0.15))
    b.fill(polygon(x, y, (-0.95, 0.1), (0.95, 0.1), (0, 0.95)), (0.52, 0.3, 0.25), sideways(x))
    b.fill(box(x, y, 0, -0.66, 0.17, 0.34, 0.05), WOOD)
    for side in (-0.44, 0.44):
        b.fill(box(x, y, side, -0.3, 0.17, 0.19), CREAM)


def boat(b, colour):
    x, y = b.x, b.y
    b.fill(box(x, y, 0.0, 0.2, 0.05, 0.8), WOOD)
    b.fill(polygon(x, y, (0.1, -0.4), (0.85, -0.4), (0.1, 0.95)), colour, sideways(x, 0.15))
    b.fill(polygon(x, y, (-0.1, -0.4), (-0.1, 0.75), (-0.65, -0.4)), CREAM)
    b.fill(polygon(x, y, (-0.6, -1.0), (0.6, -1.0), (0.98, -0.48), (-0.98, -0.48)), colour, 0.85 * sideways(x, 0.15))
    b.fill(box(x, y, 0, -0.55, 0.93, 0.05), CREAM)


def tree(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.17, -1.0), (0.17, -1.0), (0.1, 0.1), (-0.1, 0.1)), WOOD)
    crown = union(circle(x, y, -0.42, 0.1, 0.42), circle(x, y, 0.42, 0.1, 0.42), circle(x, y, 0, 0.48, 0.52))
    b.fill(crown, colour, 1.0 + 0.2 * (y - 0.3) - 0.15 * x)


def balloon(b, colour):
    x, y = b.x, b.y
    for side in (-1, 1):
        b.fill(capsule(x, y, side * 0.4, -0.1, side * 0.16, -0.7, 0.03), DARK)
    envelope = union(circle(x, y, 0, 0.3, 0.68),
                     polygon(x, y, (-0.2, -0.55), (0.2, -0.55), (0.58, -0.06), (-0.58, -0.06)))
    b.fill(envelope, colour, sideways(x))
    b.fill(both(envelope, ellipse(x, y, 0, 0.2, 0.22, 0.95)), CREAM, sideways(x, 0.2))
    b.fill(box(x, y, 0, -0.83, 0.2, 0.16, 0.05), WOOD)


def car(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.66, -0.3), (0.62, -0.3), (0.36, 0.3), (-0.46, 0.3)), colour, 1.0 + 0.3 * y)
    b.fill(polygon(x, y, (-0.5, -0.24), (-0.06, -0.24), (-0.06, 0.2), (-0.38, 0.2)), GLASS)
    b.fill(polygon(x, y, (0.04, -0.24), (0.46, -0.24), (0.3, 0.2), (0.04, 0.2)), GLASS)
    b.fill(box(x, y, 0, -0.48, 0.98, 0.27, 0.16), colour, 1.0 + 0.3 * (y + 0.4))
    b.fill(circle(x, y, 0.87, -0.42, 0.09), (1.0, 0.95, 0.6))
    for side in (-0.53, 0.53):
        b.fill(circle(x, y, side, -0.75, 0.25), DARK)
        b.fill(circle(x, y, side, -0.75, 0.11), CREAM)


def lighthouse(b, colour):
    x, y = b.x, b.y
    b.fill(ellipse(x, y, 0, -1.0, 0.75, 0.24), (0.45, 0.42, 0.42), 1.0 + 0.5 * (y + 1))
    tower = polygon(x, y, (-0.38, -0.95), (0.38, -0.95), (0.24, 0.5), (-0.24, 0.5))
    b.fill(tower, CREAM, sideways(x))
    for low, high in ((-0.95, -0.6), (-0.22, 0.14)):
        b.fill(both(tower, box(x, y, 0, (low + high) / 2, 1, (high - low) / 2)), colour, sideways(x))
    b.fill(box(x, y, 0, 0.5, 0.34, 0.06), DARK)
    b.fill(box(x, y, 0, 0.67, 0.18, 0.14), (1.0, 0.9, 0.45))
    b.fill(polygon(x, y, (-0.3, 0.78), (0.3, 0.78), (0, 1.05)), colour, sideways(x))


def flower(b, colour):
    x, y = b.x, b.y
    b.fill(capsule(x, y, 0, -1.0, 0, 0.2, 0.07), STEM)
    b.fill(ellipse(x + 0.7 * (y + 0.6), y, -0.28, -0.6, 0.2, 0.13), LEAF)
    b.fill(ellipse(x - 0.7 * (y + 0.6), y, 0.28, -0.6, 0.2, 0.13), LEAF)
    petals = union(*(circle(x, y, 0.42 * px, 0.38 + 0.42 * py, 0.3) for px, py in (
        (0, 1), (0.95, 0.31), (0.59, -0.81), (-0.59, -0.81), (-0.95, 0.31))))
    b.fill(petals, colour, 1.0 - 0.12 * x + 0.1 * y)
    b.fill(circle(x, y, 0, 0.38, 0.24), (0.85, 0.6, 0.2))


def bird(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.95, -0.18), (-0.45, -0.35), (-0.4, 0.15), (-0.98, 0.3)), colour, 0.75 + 0 * x)
    b.fill(ellipse(x, y, -0.05, -0.15, 0.62, 0.42), colour, 1.0 + 0.3 * y)
    b.fill(polygon(x, y, (0.78, 0.12), (1.05, 0.22), (0.78, 0.38)), (0.98, 0.65, 0.15))
    b.fill(circle(x, y, 0.5, 0.25, 0.34), colour, 1.0 + 0.2 * y)
    b.fill(polygon(x, y, (-0.35, -0.1), (0.25, -0.1), (-0.3, 0.85)), colour, 0.75 + 0 * x)
    b.fill(circle(x, y, 0.6, 0.33, 0.08), DARK)


def fish(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.45, 0.0), (-1.0, -0.5), (-0.9, 0.0)), colour, 0.8 + 0 * x)
    b.fill(polygon(x, y, (-0.45, 0.0), (-0.9, 0.0), (-1.0, 0.5)), colour, 0.8 + 0 * x)
    b.fill(polygon(x, y, (-0.2, 0.3), (0.4, 0.3), (0.0, 0.75)), colour, 0.8 + 0 * x)
    body = ellipse(x, y, 0.15, 0, 0.78, 0.46)
    b.fill(body, colour, 1.0 + 0.35 * y)
    b.fill(both(body, box(x, y, -0.08, 0, 0.09, 1)), CREAM)
    b.fill(circle(x, y, 0.58, 0.13, 0.13), CREAM)
    b.fill(circle(x, y, 0.61, 0.13, 0.07), DARK)


def mountain(b, colour):
    x, y = b.x, b.y
    peak = polygon(x, y, (-1.15, -1.0), (1.15, -1.0), (0.0, 0.95))
    b.fill(peak, colour, 1.0 + 0.1 * y)
    b.fill(both(peak, -(x - 0.12 * (6 * y).sin() * (1 - y) * 0.5)), colour, 0.75 + 0.1 * y)
    b.fill(both(peak, 0.42 + 0.1 * (9 * x).cos() - y), (0.97, 0.98, 1.0))


def mushroom(b, colour):
    x, y = b.x, b.y
    b.fill(polygon(x, y, (-0.36, -1.0), (0.36, -1.0), (0.24, 0.1), (-0.24, 0.1)), CREAM, sideways(x, 0.3))
    cap = both(ellipse(x, y, 0, -0.05, 0.95, 0.95), -0.05 - y)
    b.fill(cap, colour, sideways(x, 0.2))
    for px, py, radius in ((-0.45, 0.22, 0.15), (0.05, 0.55, 0.18), (0.5, 0.2, 0.15)):
        b.fill(circle(x, y, px, py, radius), CREAM)


def butterfly(b, colour):
    x, y = b.x.abs(), b.y
    b.fill(ellipse(x - 0.3 * (y - 0.35), y, 0.5, 0.35, 0.45, 0.5), colour, 1.0 + 0.25 * y)
    b.fill(ellipse(x + 0.2 * (y + 0.45), y, 0.38, -0.45, 0.33, 0.4), colour, 0.8 + 0 * x)
    b.fill(circle(x, y, 0.58, 0.42, 0.17), CREAM)
    b.fill(capsule(x, y, 0.0, 0.5, 0.22, 0.9, 0.035), DARK)
    b.fill(ellipse(x, y, 0, -0.05, 0.1, 0.6), DARK)


PAINTERS = {painter.__name__: painter for painter in (
    house, boat, tree, balloon, car, lighthouse, flower, bird, fish, mountain, mushroom, butterfly)}
