// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.io.File;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** How a picture was made. */
public final class Provenance {
  private final String[] texts;
  private final List<String> loras;
  private final long seed;
  private final int steps;
  private final float guidance;
  private final double strength;

  private Provenance(long pointer) {
    texts = Arguments.strings(Native.provenanceTexts(pointer));
    loras = Collections.unmodifiableList(Arrays.asList(Arguments.strings(Native.provenanceLoras(pointer))));
    seed = Native.provenanceSeed(pointer);
    steps = Native.provenanceSteps(pointer);
    guidance = Native.provenanceGuidance(pointer);
    strength = Native.provenanceStrength(pointer);
  }

  static Provenance of(long image) {
    return at(Native.imageProvenance(image));
  }

  /** A copy of what is there. */
  static Provenance at(long pointer) {
    return new Provenance(pointer);
  }

  /** Reads back what {@link Image#save} wrote into a PNG or a JPEG. */
  public static Provenance read(File file) {
    final long pointer = Native.readProvenance(Arguments.path("file", file));
    try {
      return new Provenance(pointer);
    } finally {
      Native.freeProvenance(pointer);
    }
  }

  public String prompt() {
    return texts[0];
  }

  public String negativePrompt() {
    return texts[1];
  }

  public String model() {
    return texts[2];
  }

  public String sampler() {
    return texts[3];
  }

  public String noise() {
    return texts[4];
  }

  /** "FILE:WEIGHT" each, without the file's folder. */
  public List<String> loras() {
    return loras;
  }

  /** An unsigned number: {@link Long#toUnsignedString(long)}. */
  public long seed() {
    return seed;
  }

  public int steps() {
    return steps;
  }

  /** 1 is off. */
  public float guidance() {
    return guidance;
  }

  /** Of the picture that it began with; negative where it began with noise. */
  public double strength() {
    return strength;
  }
}
