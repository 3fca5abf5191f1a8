"""Signed distances of plane shapes, and the brush that paints them.

Coordinates are tensors (scenes, height, width), x to the right and y up. A distance is negative inside. Everything is
batched: a shape's numbers are floats, or tensors (scenes, 1, 1) where they differ from scene to scene.
"""

import torch


def circle(x, y, cx, cy, radius):
    return ((x - cx) ** 2 + (y - cy) ** 2).sqrt() - radius


def ellipse(x, y, cx, cy, rx, ry):
    """Exact on the outline, and close enough to the distance near it to smooth the edge."""
    return ((((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2).sqrt() - 1) * min(rx, ry)


def box(x, y, cx, cy, half_width, half_height, corner=0.0):
    dx = (x - cx).abs() - (half_width - corner)
    dy = (y - cy).abs() - (half_height - corner)
    return (dx.clamp(min=0) ** 2 + dy.clamp(min=0) ** 2).sqrt() + torch.maximum(dx, dy).clamp(max=0) - corner


def polygon(x, y, *corners):
    """A convex polygon, corners counter-clockwise: the greatest of its edges' half-plane distances."""
    distance = None
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1]):
        ex, ey = bx - ax, by - ay
        length = (ex * ex + ey * ey) ** 0.5
        edge = ((x - ax) * ey - (y - ay) * ex) / length
        distance = edge if distance is None else torch.maximum(distance, edge)
    return distance


def triangle(x, y, *corners):
    """Six numbers, the corners in either order of turning."""
    a, b, c = corners[:2], corners[2:4], corners[4:]
    turned = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return polygon(x, y, a, b, c) if turned > 0 else polygon(x, y, a, c, b)


def frame(x, y, cx, cy, ax, ay):
    """Coordinates about (cx, cy) whose first axis points along (ax, ay)."""
    length = (ax * ax + ay * ay) ** 0.5
    ux, uy = ax / length, ay / length
    return (x - cx) * ux + (y - cy) * uy, (y - cy) * ux - (x - cx) * uy


def arc(x, y, cx, cy, radius, thickness, lower=True):
    """The lower or the upper half of a ring."""
    ring = (((x - cx) ** 2 + (y - cy) ** 2).sqrt() - radius).abs() - thickness
    return torch.maximum(ring, y - cy if lower else cy - y)


def capsule(x, y, ax, ay, bx, by, radius):
    ex, ey = bx - ax, by - ay
    t = (((x - ax) * ex + (y - ay) * ey) / (ex * ex + ey * ey)).clamp(0, 1)
    return ((x - ax - t * ex) ** 2 + (y - ay - t * ey) ** 2).sqrt() - radius


def union(*distances):
    return torch.stack(distances).amin(0)


def both(*distances):
    return torch.stack(distances).amax(0)


def without(distance, hole):
    return torch.maximum(distance, -hole)


def as_colour(colour, like):
    """A tuple, or a tensor (scenes, 3), as (scenes or 1, 3, 1, 1)."""
    return torch.as_tensor(colour, dtype=like.dtype, device=like.device).reshape(-1, 3, 1, 1)


class Brush:
    """Paints shapes over one another on a transparent sheet: premultiplied `rgb` and `alpha`."""

    def __init__(self, x, y, pixel):
        (self.x, self.y), self.pixel = torch.broadcast_tensors(x, y), pixel
        self.rgb = x.new_zeros(x.shape[0], 3, *self.x.shape[1:])
        self.alpha = x.new_zeros(x.shape[0], 1, *self.x.shape[1:])

    def fill(self, distance, colour, light=None, opacity=1.0):
        """Covers what lies inside `distance`; `light`, (scenes, height, width), brightens or darkens the colour."""
        cover = ((0.5 - distance / self.pixel).clamp(0, 1) * opacity).unsqueeze(1)
        paint = as_colour(colour, self.rgb)
        if light is not None:
            paint = (paint * light.unsqueeze(1)).clamp(0, 1)
        self.rgb = torch.lerp(self.rgb, paint.expand_as(self.rgb), cover)
        self.alpha = torch.lerp(self.alpha, torch.ones_like(self.alpha), cover)
