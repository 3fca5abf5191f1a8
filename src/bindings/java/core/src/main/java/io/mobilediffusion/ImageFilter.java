// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** Asked whether a picture may be given to anyone, when it is drawn and before anyone has it. */
public interface ImageFilter {
  /**
   * On threads as {@link ProgressListener} says; a {@link LiveSession} asks on its own. It may change the pixels in place:
   * the picture has them then. What it throws is thrown by the call that it was called in, and nobody gets the picture.
   *
   * @param pixels rows from the top, no padding
   * @return why nobody must have it, the message of a {@link RefusedException}; null: it may be given
   */
  String onImage(Provenance provenance, byte[] pixels, int width, int height, PixelFormat format);
}
