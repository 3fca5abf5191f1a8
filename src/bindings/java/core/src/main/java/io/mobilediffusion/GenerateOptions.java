// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.nio.ByteBuffer;

/** How a picture is drawn. Each choice that is not made is the model's or the library's default. */
public final class GenerateOptions {
  /** As {@link Builder#guidance}: what the model was made for. */
  public static final float GUIDANCE_OF_MODEL = -1;

  final long seed;
  final int width;
  final int height;
  final int steps;
  final float guidance;
  final String negativePrompt;
  final String sampler;
  final byte[] pixels;
  final int pixelsWidth;
  final int pixelsHeight;
  final PixelFormat pixelsFormat;
  final double strength;
  final float[] initialNoise;
  final Noise noise;
  final PixelFormat format;
  final ByteBuffer output;

  private GenerateOptions(Builder builder) {
    seed = builder.seed;
    width = builder.width;
    height = builder.height;
    steps = builder.steps;
    guidance = builder.guidance;
    negativePrompt = builder.negativePrompt;
    sampler = builder.sampler;
    pixels = builder.pixels;
    pixelsWidth = builder.pixelsWidth;
    pixelsHeight = builder.pixelsHeight;
    pixelsFormat = builder.pixelsFormat;
    strength = builder.strength;
    initialNoise = builder.initialNoise;
    noise = builder.noise;
    format = builder.format;
    output = builder.output;
  }

  public static Builder builder() {
    return new Builder();
  }

  public static final class Builder {
    private long seed;
    private int width;
    private int height;
    private int steps;
    private float guidance = GUIDANCE_OF_MODEL;
    private String negativePrompt;
    private String sampler;
    private byte[] pixels;
    private int pixelsWidth;
    private int pixelsHeight;
    private PixelFormat pixelsFormat = PixelFormat.RGB;
    private double strength = Double.NaN;
    private float[] initialNoise;
    private Noise noise = Noise.PHILOX;
    private PixelFormat format = PixelFormat.RGB;
    private ByteBuffer output;

    private Builder() {}

    /** All 64 bits count, as of an unsigned number. The same seed gives the same noise everywhere. */
    public Builder seed(long seed) {
      this.seed = seed;
      return this;
    }

    /** In pixels, multiples of {@link Pipeline#sizeMultiple}; 0: what the model was made for. */
    public Builder size(int width, int height) {
      this.width = width;
      this.height = height;
      return this;
    }

    /** 1 to 1000; 0: as many as the model was made for. */
    public Builder steps(int steps) {
      this.steps = steps;
      return this;
    }

    /** 0 to 100, 0 and 1 are off. */
    public Builder guidance(float guidance) {
      this.guidance = guidance;
      return this;
    }

    public Builder negativePrompt(String negativePrompt) {
      this.negativePrompt = negativePrompt;
      return this;
    }

    /** By name, "ddim" say; null: the model's own. */
    public Builder sampler(String sampler) {
      this.sampler = sampler;
      return this;
    }

    /** A picture to begin with, of any size; its pixels are copied. */
    public Builder image(Image image) {
      Arguments.notNull("image", image);
      return image(image.pixels(), image.width(), image.height(), image.format());
    }

    /** The same of pixels, which are not copied: they must stay as they are until the picture is drawn. */
    public Builder image(byte[] pixels, int width, int height, PixelFormat format) {
      Arguments.pixels(pixels, width, height, format);
      this.pixels = pixels;
      this.pixelsWidth = width;
      this.pixelsHeight = height;
      this.pixelsFormat = format;
      return this;
    }

    /** How much of that picture is made anew, 0 to 1; 0.6 where nothing is said. */
    public Builder strength(double strength) {
      if (Double.isNaN(strength)) throw Arguments.invalid("strength must be 0 to 1, not NaN");
      this.strength = strength;
      return this;
    }

    /** In place of the seed's: latent channels * (height/8) * (width/8) values, channel by channel. Not copied. */
    public Builder initialNoise(float[] initialNoise) {
      this.initialNoise = initialNoise;
      return this;
    }

    public Builder noise(Noise noise) {
      this.noise = Arguments.notNull("noise", noise);
      return this;
    }

    /** Of the pixels that are drawn. */
    public Builder format(PixelFormat format) {
      this.format = Arguments.notNull("format", format);
      return this;
    }

    /**
     * Where the pixels go, from the buffer's position on: a direct buffer, which the picture then has no copy of. Neither
     * position nor limit is moved.
     */
    public Builder output(ByteBuffer output) {
      if (output != null && !output.isDirect()) throw Arguments.invalid("output must be a direct buffer");
      if (output != null && output.isReadOnly()) throw Arguments.invalid("output is a read-only buffer");
      this.output = output == null ? null : output.slice();
      return this;
    }

    public GenerateOptions build() {
      return new GenerateOptions(this);
    }
  }
}
