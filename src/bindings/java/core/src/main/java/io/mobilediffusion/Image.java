// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.io.File;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A picture. It never changes, and any thread may ask it. Its pixels are not in Java's heap: close it when it is no longer
 * needed. One that is forgotten is freed some time after the garbage collector has seen it.
 */
public final class Image implements AutoCloseable {
  private static final Handle.Kind KIND = new Handle.Kind() {
    @Override
    public void free(long pointer) {
      Native.freeImage(pointer);
    }

    @Override
    public void cancel(long pointer) {} // no call on an image takes long
  };

  final Handle handle;
  private final int width;
  private final int height;
  private final PixelFormat format;

  Image(long pointer) {
    handle = new Handle(this, "image", pointer, KIND);
    width = Native.width(pointer);
    height = Native.height(pointer);
    format = PixelFormat.of(Native.format(pointer));
  }

  /** Reads a PNG or a JPEG as RGB, over white where it is transparent, turned the way its Exif orientation says. */
  public static Image read(File file) {
    Handle.freeDropped();
    return new Image(Native.readImage(Arguments.path("file", file)));
  }

  /** The same of a file's bytes. */
  public static Image decode(byte[] file) {
    Handle.freeDropped();
    return new Image(Native.decodeImage(Arguments.notNull("file", file)));
  }

  /** Of pixels, which are copied. */
  public static Image fromPixels(byte[] pixels, int width, int height, PixelFormat format) {
    Arguments.pixels(pixels, width, height, format);
    Handle.freeDropped();
    return new Image(Native.imageFromPixels(pixels, width, height, format.code, 0));
  }

  /** Of pixels, made the way that another was: those that it was drawn into ({@link GenerateOptions.Builder#output}), say. */
  public static Image fromPixels(byte[] pixels, int width, int height, PixelFormat format, Image madeAs) {
    Arguments.pixels(pixels, width, height, format);
    Handle.freeDropped();
    final long like = Arguments.notNull("madeAs", madeAs).handle.enter();
    try {
      return new Image(Native.imageFromPixels(pixels, width, height, format.code, like));
    } finally {
      madeAs.handle.leave();
    }
  }

  /** Of 0xAARRGGBB, rows from the top, as Android's Bitmap and Java's BufferedImage give them; over white. */
  public static Image fromArgb(int[] argb, int width, int height) {
    Arguments.notNull("argb", argb);
    if (width <= 0 || height <= 0 || argb.length != (long) width * height) {
      throw Arguments.invalid("argb of " + width + "x" + height + " pixels has " + argb.length);
    }
    if (argb.length > Integer.MAX_VALUE / 3) throw Arguments.invalid(width + "x" + height + " pixels are too many");
    final byte[] rgb = new byte[3 * argb.length];
    for (int i = 0; i < argb.length; ++i) {
      final int alpha = argb[i] >>> 24;
      for (int channel = 0; channel < 3; ++channel) {
        final int value = argb[i] >>> (16 - 8 * channel) & 0xFF;
        rgb[3 * i + channel] = (byte) ((value * alpha + 255 * (255 - alpha) + 127) / 255);
      }
    }
    return fromPixels(rgb, width, height, PixelFormat.RGB);
  }

  /** In pixels. */
  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  public PixelFormat format() {
    return format;
  }

  /** A copy of the pixels, rows from the top, no padding. */
  public byte[] pixels() {
    final long image = handle.enter();
    try {
      final byte[] pixels = Native.pixels(image);
      if (pixels == null) throw Arguments.invalid("the image has no pixels: they went to the buffer named as output");
      return pixels;
    } finally {
      handle.leave();
    }
  }

  /** The pixels as 0xFFRRGGBB, as Android's Bitmap and Java's BufferedImage take them. */
  public int[] argb() {
    final byte[] pixels = pixels();
    final int bytes = format.bytes();
    final int[] argb = new int[pixels.length / bytes];
    for (int i = 0, at = 0; i < argb.length; ++i, at += bytes) {
      argb[i] = 0xFF000000 | (pixels[at] & 0xFF) << 16 | (pixels[at + 1] & 0xFF) << 8 | pixels[at + 2] & 0xFF;
    }
    return argb;
  }

  /** {@link #save(File, SaveOptions)} by the default options. */
  public void save(File file) {
    save(file, SaveOptions.builder().build());
  }

  /** Writes a PNG, or a JPEG where the name ends in .jpg or .jpeg. The file appears whole or not at all. */
  public void save(File file, SaveOptions options) {
    final byte[] path = Arguments.path("file", file);
    Arguments.notNull("options", options);
    final long image = handle.enter();
    try {
      Native.save(image, path, options.metadata, options.jpegQuality != null,
          options.jpegQuality == null ? 0 : options.jpegQuality);
    } finally {
      handle.leave();
    }
  }

  /** {@link #encode(FileFormat, SaveOptions)} by the default options. */
  public byte[] encode(FileFormat format) {
    return encode(format, SaveOptions.builder().build());
  }

  /** What {@link #save} writes, as bytes. */
  public byte[] encode(FileFormat format, SaveOptions options) {
    Arguments.notNull("format", format);
    Arguments.notNull("options", options);
    final long image = handle.enter();
    try {
      return Native.encode(image, format.code, options.metadata, options.jpegQuality != null,
          options.jpegQuality == null ? 0 : options.jpegQuality);
    } finally {
      handle.leave();
    }
  }

  /** Wall-clock seconds of one stage of the call that drew it; 0 for one that did not run. */
  public double stageSeconds(Stage stage) {
    Arguments.notNull("stage", stage);
    final long image = handle.enter();
    try {
      return Native.stageSeconds(image, stage.code);
    } finally {
      handle.leave();
    }
  }

  /** Of all of it; 0 where it was not drawn. */
  public double totalSeconds() {
    final long image = handle.enter();
    try {
      return Native.totalSeconds(image);
    } finally {
      handle.leave();
    }
  }

  /** Whether the prompt was longer than the text encoder reads, and was cut. */
  public boolean promptTruncated() {
    final long image = handle.enter();
    try {
      return Native.promptTruncated(image);
    } finally {
      handle.leave();
    }
  }

  /** The prompt's tokens in all, start and end not counted. */
  public int promptTokens() {
    final long image = handle.enter();
    try {
      return Native.promptTokens(image);
    } finally {
      handle.leave();
    }
  }

  /** The words of the prompt that a model of few words was never taught. */
  public List<String> unknownWords() {
    final long image = handle.enter();
    try {
      return Collections.unmodifiableList(Arrays.asList(Arguments.strings(Native.unknownWords(image))));
    } finally {
      handle.leave();
    }
  }

  public Provenance provenance() {
    final long image = handle.enter();
    try {
      return Provenance.of(image);
    } finally {
      handle.leave();
    }
  }

  /** Frees it, when calls on it in other threads have returned. Afterwards all but its size is INVALID_STATE. */
  @Override
  public void close() {
    handle.close();
  }
}
