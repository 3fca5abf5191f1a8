// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import {inflateSync} from 'node:zlib';

const CHANNELS = {2: 3, 6: 4};  // by the colour type

/** The pixels of a PNG of 8 bits, RGB or RGBA, without interlacing: what Chromium writes. [red, green, blue] each. */
export function* pixelsOf(png) {
  const width = png.readUInt32BE(16), height = png.readUInt32BE(20), channels = CHANNELS[png[25]];
  if (png[24] !== 8 || !channels || png[28] !== 0) throw new Error('a PNG of another kind');
  const parts = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const raw = inflateSync(Buffer.concat(parts)), stride = width * channels;
  let above = Buffer.alloc(stride);
  for (let y = 0; y < height; ++y) {
    const filter = raw[y * (stride + 1)], row = raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
    for (let i = 0; i < stride; ++i) {
      const left = i < channels ? 0 : row[i - channels], up = above[i], corner = i < channels ? 0 : above[i - channels];
      row[i] += predicted(filter, left, up, corner);
    }
    for (let x = 0; x < stride; x += channels) yield [row[x], row[x + 1], row[x + 2]];
    above = row;
  }
}

function predicted(filter, left, up, corner) {
  if (filter === 4) {
    const guess = left + up - corner;
    const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value));
    return a <= b && a <= c ? left : b <= c ? up : corner;
  }
  return [0, left, up, (left + up) >> 1][filter];
}

/** Which part of a PNG's pixels has that colour, 0 to 1. */
export function shareOf(png, hasColour) {
  let all = 0, some = 0;
  for (const pixel of pixelsOf(png)) {
    ++all;
    if (hasColour(...pixel)) ++some;
  }
  return some / all;
}

export const isRed = (red, green, blue) => red > 110 && red > 1.8 * green && red > 1.8 * blue;
export const isBlue = (red, green, blue) => blue > 90 && blue > 1.6 * red && blue > 1.25 * green;
