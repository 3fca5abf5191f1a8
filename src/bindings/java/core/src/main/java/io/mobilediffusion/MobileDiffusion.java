// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.io.File;

/** What belongs to no pipeline. */
public final class MobileDiffusion {
  private MobileDiffusion() {}

  /** The library's version, "major.minor.patch". */
  public static String version() {
    return Arguments.string(Native.version());
  }

  /** The XNNPACK that it was built with. */
  public static String xnnpackVersion() {
    return Arguments.string(Native.xnnpackVersion());
  }

  /** {@link #pack(File, File, PackOptions)} by the default options. */
  public static void pack(File model, File file) {
    pack(model, file, PackOptions.builder().build());
  }

  /**
   * Writes a model (a folder, or a packed one) to one file, ".mdiff" by custom, which appears whole or not at all, and
   * which {@link Pipeline#load(File)} and its kin take.
   */
  public static void pack(File model, File file, PackOptions options) {
    final byte[] from = Arguments.path("model", Arguments.notNull("model", model));
    final byte[] to = Arguments.path("file", Arguments.notNull("file", file));
    Arguments.notNull("options", options);
    final Asked asked = options.cancellation == null ? null : new Asked(options.cancellation);
    try {
      Native.pack(from, to, options.weights.code, Lora.paths(options.loras), Lora.weights(options.loras),
          Arguments.path("vae", options.vae), Arguments.path("program", options.program), asked);
    } finally {
      if (asked != null) asked.rethrow();
    }
  }
}
