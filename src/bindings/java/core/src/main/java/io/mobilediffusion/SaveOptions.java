// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** How a picture is written to a file. */
public final class SaveOptions {
  final boolean metadata;
  final Integer jpegQuality;

  private SaveOptions(boolean metadata, Integer jpegQuality) {
    this.metadata = metadata;
    this.jpegQuality = jpegQuality;
  }

  public static Builder builder() {
    return new Builder();
  }

  public static final class Builder {
    private boolean metadata = true;
    private Integer jpegQuality;

    private Builder() {}

    /** Whether to write how the picture was made, and the mark of AI-made pictures; so it is where nothing is said. */
    public Builder metadata(boolean metadata) {
      this.metadata = metadata;
      return this;
    }

    /** 1 to 100; 95 where nothing is said. */
    public Builder jpegQuality(int jpegQuality) {
      this.jpegQuality = jpegQuality;
      return this;
    }

    public SaveOptions build() {
      return new SaveOptions(metadata, jpegQuality);
    }
  }
}
