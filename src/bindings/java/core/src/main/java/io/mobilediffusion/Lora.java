// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.io.File;

/** A LoRA file, and how much of it is added: 0 nothing, 1 all. */
public final class Lora {
  private final File file;
  private final float weight;

  public Lora(File file, float weight) {
    if (file == null) throw Arguments.invalid("a LoRA's file is null");
    this.file = file;
    this.weight = weight;
  }

  public File file() {
    return file;
  }

  public float weight() {
    return weight;
  }

  static Lora[] copy(Lora[] loras) {
    final Lora[] copy = Arguments.notNull("loras", loras).clone();
    for (int i = 0; i < copy.length; ++i) Arguments.notNull("loras[" + i + "]", copy[i]);
    return copy;
  }

  /** As native code takes them: their paths, or null for none. */
  static byte[][] paths(Lora[] loras) {
    if (loras.length == 0) return null;
    final byte[][] paths = new byte[loras.length][];
    for (int i = 0; i < loras.length; ++i) paths[i] = Arguments.path("loras[" + i + "]", loras[i].file);
    return paths;
  }

  static float[] weights(Lora[] loras) {
    final float[] weights = new float[loras.length];
    for (int i = 0; i < loras.length; ++i) weights[i] = loras[i].weight;
    return weights;
  }
}
