// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.

/** What a browser calls ImageData, where there is none. */
class PlainImageData {
  constructor(data, width, height) {
    Object.assign(this, {data, width, height, colorSpace: 'srgb'});
  }
}

/** A picture: ImageData, and how it came about. */
export class Picture extends (globalThis.ImageData ?? PlainImageData) {
  constructor({pixels, width, height, seconds, promptTokens, promptTruncated, unknownWords, provenance}) {
    super(new Uint8ClampedArray(pixels), width, height);
    Object.assign(this, {seconds, promptTokens, promptTruncated, unknownWords, provenance});
  }
}
