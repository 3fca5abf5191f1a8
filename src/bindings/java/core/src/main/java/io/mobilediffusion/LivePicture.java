// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** What became of one prompt. Its image is the listener's to close. */
public final class LivePicture implements AutoCloseable {
  private final String prompt;
  private final long seed;
  private final double seconds;
  private final Image image;
  private final MobileDiffusionException failure;

  LivePicture(String prompt, long seed, double seconds, Image image, MobileDiffusionException failure) {
    this.prompt = prompt;
    this.seed = seed;
    this.seconds = seconds;
    this.image = image;
    this.failure = failure;
  }

  /** As it was submitted. */
  public String prompt() {
    return prompt;
  }

  /** Likewise; an unsigned number. */
  public long seed() {
    return seed;
  }

  /** From {@code submit} to here. */
  public double seconds() {
    return seconds;
  }

  /** The picture; where there is none, {@link #failure} is thrown. */
  public Image image() {
    if (failure != null) throw failure;
    return image;
  }

  /** Why there is no picture: a {@link RefusedException}, say; null where there is one. */
  public MobileDiffusionException failure() {
    return failure;
  }

  /** Closes the image, where there is one. */
  @Override
  public void close() {
    if (image != null) image.close();
  }
}
