// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.io.File;

/** How a model is packed into one file. */
public final class PackOptions {
  final StoredWeights weights;
  final Lora[] loras;
  final File vae;
  final File program;
  final Cancellation cancellation;

  private PackOptions(Builder builder) {
    weights = builder.weights;
    loras = builder.loras;
    vae = builder.vae;
    program = builder.program;
    cancellation = builder.cancellation;
  }

  public static Builder builder() {
    return new Builder();
  }

  public static final class Builder {
    private StoredWeights weights = StoredWeights.AS_THEY_ARE;
    private Lora[] loras = {};
    private File vae;
    private File program;
    private Cancellation cancellation;

    private Builder() {}

    public Builder weights(StoredWeights weights) {
      this.weights = Arguments.notNull("weights", weights);
      return this;
    }

    /** Added to the weights for good. */
    public Builder loras(Lora... loras) {
      this.loras = Lora.copy(loras);
      return this;
    }

    /** A folder with an autoencoder in place of the model's own; null: that. */
    public Builder vae(File vae) {
      this.vae = vae;
      return this;
    }

    /** A program of Linux or Windows to put the model into; null: none. */
    public Builder program(File program) {
      this.program = program;
      return this;
    }

    /** Asked between pieces of a few megabytes; null: nobody. */
    public Builder cancellation(Cancellation cancellation) {
      this.cancellation = cancellation;
      return this;
    }

    public PackOptions build() {
      return new PackOptions(this);
    }
  }
}
