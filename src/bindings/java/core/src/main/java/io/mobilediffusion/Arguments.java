// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.io.File;
import java.nio.charset.StandardCharsets;

/** What is given, as native code takes it: strings in UTF-8, which end with a NUL there. */
final class Arguments {
  private Arguments() {}

  static MobileDiffusionException invalid(String message) {
    return new MobileDiffusionException(Status.INVALID_ARGUMENT, message);
  }

  static <T> T notNull(String name, T value) {
    if (value == null) throw invalid(name + " is null");
    return value;
  }

  /** Null for null. */
  static byte[] text(String name, String text) {
    if (text == null) return null;
    final int nul = text.indexOf('\0');
    if (nul >= 0) throw invalid(name + " has a NUL, character " + nul + " of " + text.length());
    return utf8(text);
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Null for null. */
  static byte[] path(String name, File file) {
    return file == null ? null : text(name, file.getPath());
  }

  static String string(byte[] text) {
    return new String(text, StandardCharsets.UTF_8);
  }

  static String[] strings(byte[][] texts) {
    final String[] strings = new String[texts.length];
    for (int i = 0; i < texts.length; ++i) strings[i] = string(texts[i]);
    return strings;
  }

  /** That an array is a picture of this size: native code does not see how long it is. */
  static void pixels(byte[] pixels, int width, int height, PixelFormat format) {
    notNull("pixels", pixels);
    notNull("format", format);
    if (width <= 0 || height <= 0) throw invalid("a picture of " + width + "x" + height + " pixels");
    // by division: a product of three might not fit
    if (pixels.length % format.bytes() != 0 || pixels.length / format.bytes() != (long) width * height) {
      throw invalid("pixels of " + width + "x" + height + " in " + format + " take " + width + " * " + height + " * "
          + format.bytes() + " bytes, not " + pixels.length);
    }
  }
}
