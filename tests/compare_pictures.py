#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Are two PNGs of ours the same picture, no value further apart than so many grey levels?

Usage: compare_pictures.py ONE.png OTHER.png MOST-LEVELS
"""
import struct
import sys
import zlib


def values_of(path):
    """Width, height and the values of an 8-bit RGB picture, all of them in one bytearray."""
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n", f"{path} is not a PNG"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    assert (depth, colour) == (8, 2), f"{path} is not an 8-bit RGB picture"
    rows, size = zlib.decompress(packed), 3 * width
    values, above = bytearray(), bytearray(size)
    for y in range(height):
        kind, row = rows[y * (size + 1)], bytearray(rows[y * (size + 1) + 1:(y + 1) * (size + 1)])
        for i in range(size):
            left, up, corner = (row[i - 3], above[i], above[i - 3]) if i >= 3 else (0, above[i], 0)
            row[i] = row[i] + predicted(kind, left, up, corner) & 255
        values += row
        above = row
    return width, height, values


def predicted(kind, left, up, corner):
    """A value as a row's filter has it (PNG, 9.2)."""
    if kind == 4:
        distances = [abs(up - corner), abs(left - corner), abs(left + up - 2 * corner)]
        return (left, up, corner)[distances.index(min(distances))]
    return (0, left, up, (left + up) // 2)[kind]


if __name__ == "__main__":
    (width, height, one), (other_width, other_height, other) = values_of(sys.argv[1]), values_of(sys.argv[2])
    if (width, height) != (other_width, other_height):
        sys.exit(f"one is {width}x{height}, the other {other_width}x{other_height}")
    furthest = max(abs(a - b) for a, b in zip(one, other))
    apart = sum(a != b for a, b in zip(one, other))
    print(f"{width}x{height}: {apart} of {len(one)} values differ, by {furthest} at most")
    sys.exit(furthest > int(sys.argv[3]))
