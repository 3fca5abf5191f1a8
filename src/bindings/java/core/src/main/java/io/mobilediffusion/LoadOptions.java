// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.io.File;

/** How a pipeline is loaded. Each choice that is not made is the library's default. */
public final class LoadOptions {
  final int threads;
  final Precision precision;
  final MemoryUse memory;
  final Priority priority;
  final Lora[] loras;
  final File cacheFolder;
  final long cacheBytes;
  final File vae;
  final LogListener log;
  final String refusedWords;
  final PromptFilter promptFilter;
  final ImageFilter imageFilter;

  private LoadOptions(Builder builder) {
    threads = builder.threads;
    precision = builder.precision;
    memory = builder.memory;
    priority = builder.priority;
    loras = builder.loras;
    cacheFolder = builder.cacheFolder;
    cacheBytes = builder.cacheBytes;
    vae = builder.vae;
    log = builder.log;
    refusedWords = builder.refusedWords;
    promptFilter = builder.promptFilter;
    imageFilter = builder.imageFilter;
  }

  public static Builder builder() {
    return new Builder();
  }

  public static final class Builder {
    private int threads;
    private Precision precision = Precision.OF_MODEL;
    private MemoryUse memory = MemoryUse.KEEP;
    private Priority priority = Priority.NORMAL;
    private Lora[] loras = {};
    private File cacheFolder;
    private long cacheBytes = -1;
    private File vae;
    private LogListener log;
    private String refusedWords;
    private PromptFilter promptFilter;
    private ImageFilter imageFilter;

    private Builder() {}

    /** 1 to 256; 0: one for every core that is worth it. */
    public Builder threads(int threads) {
      this.threads = threads;
      return this;
    }

    /** {@link Precision#OF_MODEL} by default. */
    public Builder precision(Precision precision) {
      this.precision = Arguments.notNull("precision", precision);
      return this;
    }

    public Builder memory(MemoryUse memory) {
      this.memory = Arguments.notNull("memory", memory);
      return this;
    }

    public Builder priority(Priority priority) {
      this.priority = Arguments.notNull("priority", priority);
      return this;
    }

    /** Added to the weights one after another. */
    public Builder loras(Lora... loras) {
      this.loras = Lora.copy(loras);
      return this;
    }

    /** For packed weights, made if it is missing; null: no cache. On Android {@code new File(getCacheDir(), "weights")}. */
    public Builder cacheFolder(File cacheFolder) {
      this.cacheFolder = cacheFolder;
      return this;
    }

    /** What the cache may hold; 4 GiB where nothing is said. */
    public Builder cacheBytes(long cacheBytes) {
      if (cacheBytes < 0) throw Arguments.invalid("cacheBytes must be 0 or more, not " + cacheBytes);
      this.cacheBytes = cacheBytes;
      return this;
    }

    /** A folder with another autoencoder; null: the model's own. */
    public Builder vae(File vae) {
      this.vae = vae;
      return this;
    }

    /** Told what is worth a log line; null: silence. */
    public Builder log(LogListener log) {
      this.log = log;
      return this;
    }

    /**
     * Refuses prompts that have one of these words or phrases in them, a line each, # begins a comment: whole words,
     * without regard to case, accents, the style of letters and what nobody sees. Null: none.
     */
    public Builder refusedWords(String list) {
      this.refusedWords = list;
      return this;
    }

    /** Asked before each picture of the pipeline, about what the list lets pass; null: all of it may be drawn. */
    public Builder promptFilter(PromptFilter promptFilter) {
      this.promptFilter = promptFilter;
      return this;
    }

    /** Asked after each, before anyone has it; null: it is given as it was drawn. */
    public Builder imageFilter(ImageFilter imageFilter) {
      this.imageFilter = imageFilter;
      return this;
    }

    public LoadOptions build() {
      return new LoadOptions(this);
    }
  }
}
