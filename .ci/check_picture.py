#!/usr/bin/env python3
# Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
"""Is this file a whole PNG of a picture, and not of one flat colour?"""
import struct
import sys
import zlib

data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n", "not a PNG"
at, packed, ended = 8, b"", False
while at < len(data):
    length, kind = struct.unpack(">I4s", data[at:at + 8])
    body = data[at + 8:at + 8 + length]
    assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(kind + body), "a chunk is damaged"
    if kind == b"IHDR":
        width, height, depth, colour = struct.unpack(">IIBB", body[:10])
    packed += body if kind == b"IDAT" else b""
    ended = kind == b"IEND"
    at += 12 + length
assert ended and depth == 8 and colour == 2, "not a whole RGB picture"
rows = zlib.decompress(packed)
assert len(rows) == height * (1 + 3 * width), "pixels are missing"
assert len(set(rows)) > 64, "nearly flat"
print(f"{sys.argv[1].split('/')[-1]}: {width}x{height}, {len(set(rows))} distinct bytes")
