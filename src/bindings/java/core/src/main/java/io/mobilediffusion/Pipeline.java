// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.io.File;
import java.nio.ByteBuffer;

/**
 * A loaded model, which draws pictures.
 *
 * <pre>{@code
 * try (Pipeline pipeline = Pipeline.load(new File("model.mdiff"));
 *     Image image = pipeline.generate("two red boats at sunset")) {
 *   image.save(new File("boats.png"));
 * }
 * }</pre>
 *
 * It draws one picture at a time; further calls from other threads wait their turn. {@link #cancel}, {@link #trim} and
 * {@link #close} may be called from any thread at any time. Whatever fails throws {@link MobileDiffusionException}, and
 * the pipeline can be used again. One that is forgotten without {@link #close} is freed some time after the garbage
 * collector has seen it.
 */
public final class Pipeline implements AutoCloseable {
  private static final Handle.Kind KIND = new Handle.Kind() {
    @Override
    public void free(long pointer) {
      Native.freePipeline(pointer);
    }

    @Override
    public void cancel(long pointer) {
      Native.cancel(pointer);
    }
  };

  final Handle handle;
  final Callbacks callbacks; // null: none
  private final int defaultWidth;
  private final int defaultHeight;
  private final int sizeMultiple;
  private final String modelName;
  private final double loadSeconds;

  private Pipeline(long pointer, Callbacks callbacks) {
    handle = new Handle(this, "pipeline", pointer, KIND);
    this.callbacks = callbacks;
    defaultWidth = Native.defaultWidth(pointer);
    defaultHeight = Native.defaultHeight(pointer);
    sizeMultiple = Native.sizeMultiple(pointer);
    modelName = Arguments.string(Native.modelName(pointer));
    loadSeconds = Native.loadSeconds(pointer);
    if (callbacks != null) callbacks.belongTo(handle);
  }

  /** Throws what a listener or a filter threw, if anything, and does without what was made meanwhile. */
  private static <T> T unlessThrown(Callbacks callbacks, Handle handle, T made) {
    try {
      if (callbacks != null) callbacks.rethrow();
      return made;
    } catch (Throwable thrown) {
      handle.close();
      throw thrown;
    }
  }

  /** The default model: what the environment variable MOBILEDIFFUSION_MODEL names. */
  public static Pipeline load() {
    return load((File) null);
  }

  /** {@link #load(File, LoadOptions)} by the default options. */
  public static Pipeline load(File model) {
    return load(model, LoadOptions.builder().build());
  }

  /** A model folder, or a packed model, which is mapped and not read into memory; null: the default model. */
  public static Pipeline load(File model, LoadOptions options) {
    final byte[] path = Arguments.path("model", model);
    return load(options, (o, paths, weights, cache, vae, words, callbacks, which) -> Native.loadPath(path, o.threads, o.precision.code,
        o.memory.code, o.priority.code, paths, weights, cache, o.cacheBytes, vae, words, callbacks, which));
  }

  /** {@link #load(byte[], LoadOptions)} by the default options. */
  public static Pipeline load(byte[] model) {
    return load(model, LoadOptions.builder().build());
  }

  /** A packed model in memory. It is copied, to outside of Java's heap: a file or a direct buffer takes half of that. */
  public static Pipeline load(byte[] model, LoadOptions options) {
    Arguments.notNull("model", model);
    return loadBytes(model, 0, model.length, options);
  }

  /** {@link #load(ByteBuffer, LoadOptions)} by the default options. */
  public static Pipeline load(ByteBuffer model) {
    return load(model, LoadOptions.builder().build());
  }

  /**
   * A packed model between a buffer's position and limit. Of a direct buffer, a mapped file say, no copy is made: its
   * bytes must stay as they are while the pipeline lives. Others are copied.
   */
  public static Pipeline load(ByteBuffer model, LoadOptions options) {
    Arguments.notNull("model", model);
    if (model.hasArray()) return loadBytes(model.array(), model.arrayOffset() + model.position(), model.remaining(), options);
    final ByteBuffer bytes = model.slice();
    if (!model.isDirect()) {
      final byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      return loadBytes(copy, 0, copy.length, options);
    }
    return load(options, (o, paths, weights, cache, vae, words, callbacks, which) -> Native.loadBuffer(bytes, o.threads, o.precision.code,
        o.memory.code, o.priority.code, paths, weights, cache, o.cacheBytes, vae, words, callbacks, which));
  }

  /** {@link #load(int, long, long, LoadOptions)} by the default options. */
  public static Pipeline load(int descriptor, long offset, long bytes) {
    return load(descriptor, offset, bytes, LoadOptions.builder().build());
  }

  /**
   * A packed model that is {@code bytes} bytes of an open file from {@code offset} on: an asset that is kept uncompressed
   * in an app's package, say. It is mapped. The descriptor may be closed when this returns.
   *
   * @param bytes -1: all that follow
   */
  public static Pipeline load(int descriptor, long offset, long bytes, LoadOptions options) {
    if (offset < 0) throw Arguments.invalid("offset must be 0 or more, not " + offset);
    if (bytes < -1) throw Arguments.invalid("bytes must be -1 (all that follow) or more, not " + bytes);
    return load(options, (o, paths, weights, cache, vae, words, callbacks, which) -> Native.loadDescriptor(descriptor, offset, bytes,
        o.threads, o.precision.code, o.memory.code, o.priority.code, paths, weights, cache, o.cacheBytes, vae, words, callbacks, which));
  }

  private static Pipeline loadBytes(byte[] model, int offset, int bytes, LoadOptions options) {
    return load(options, (o, paths, weights, cache, vae, words, callbacks, which) -> Native.loadBytes(model, offset, bytes, o.threads,
        o.precision.code, o.memory.code, o.priority.code, paths, weights, cache, o.cacheBytes, vae, words, callbacks, which));
  }

  /** A load of Native, with what it needs of the options. */
  private interface Loader {
    long load(LoadOptions options, byte[][] loraPaths, float[] loraWeights, byte[] cacheFolder, byte[] vae,
        byte[] refusedWords, Callbacks callbacks, int which);
  }

  private static Pipeline load(LoadOptions options, Loader loader) {
    Arguments.notNull("options", options);
    Handle.freeDropped();
    final Callbacks made = new Callbacks(options);
    final Callbacks callbacks = made.which() == 0 ? null : made;
    final long pointer;
    try {
      pointer = loader.load(options, Lora.paths(options.loras), Lora.weights(options.loras),
          Arguments.path("cacheFolder", options.cacheFolder), Arguments.path("vae", options.vae),
          Arguments.text("refusedWords", options.refusedWords), callbacks, made.which());
    } catch (MobileDiffusionException e) {
      if (callbacks != null) callbacks.rethrow();
      throw e;
    }
    final Pipeline pipeline = new Pipeline(pointer, callbacks);
    return unlessThrown(callbacks, pipeline.handle, pipeline);
  }

  /** The size, in pixels, of a picture when none is asked for. */
  public int defaultWidth() {
    return defaultWidth;
  }

  public int defaultHeight() {
    return defaultHeight;
  }

  /** What widths and heights must be multiples of. */
  public int sizeMultiple() {
    return sizeMultiple;
  }

  /** The model's name, as written into pictures. */
  public String modelName() {
    return modelName;
  }

  /** Seconds that loading took. */
  public double loadSeconds() {
    return loadSeconds;
  }

  /** {@link #generate(String, GenerateOptions, ProgressListener)} by the default options. */
  public Image generate(String prompt) {
    return generate(prompt, GenerateOptions.builder().build());
  }

  /** {@link #generate(String, GenerateOptions, ProgressListener)} without a listener. */
  public Image generate(String prompt, GenerateOptions options) {
    return generate(prompt, options, null);
  }

  /**
   * Draws one picture, on the calling thread and the pipeline's own. An empty prompt is legal, one too long is cut
   * ({@link Image#promptTruncated} says so).
   */
  public Image generate(String prompt, GenerateOptions options, ProgressListener listener) {
    final byte[] words = Arguments.text("prompt", Arguments.notNull("prompt", prompt));
    Arguments.notNull("options", options);
    final byte[] negative = Arguments.text("negativePrompt", options.negativePrompt);
    final byte[] sampler = Arguments.text("sampler", options.sampler);
    Handle.freeDropped();
    final Run run = new Run(this, listener);
    final long pipeline = handle.enter();
    try {
      final long image = Native.generate(pipeline, words, options.seed, options.width, options.height, options.steps,
          options.guidance, negative, sampler, options.pixels, options.pixelsWidth, options.pixelsHeight,
          options.pixelsFormat.code, options.strength, options.initialNoise, options.noise.code, options.format.code,
          options.output, run);
      final Image drawn = new Image(image);
      return unlessThrown(callbacks, drawn.handle, drawn);
    } catch (MobileDiffusionException e) {
      run.rethrow();
      if (callbacks != null) callbacks.rethrow();
      throw e;
    } finally {
      handle.leave();
    }
  }

  /** Stops the picture that is drawn now, whose {@code generate} throws CANCELLED. Without one, does nothing. */
  public void cancel() {
    handle.cancel();
  }

  /**
   * Gives back all memory that can be had again: the next picture takes as long as the first, and is the same. At the end
   * of what is drawn now, if anything is. On Android, for {@code onTrimMemory}.
   */
  public void trim() {
    final long pipeline = handle.enter();
    try {
      Native.trim(pipeline);
    } finally {
      handle.leave();
    }
  }

  /**
   * Ends its live sessions and cancels the calls on it, which throw CANCELLED, waits until they have returned, and frees all of it. From a listener
   * of such a call it does not wait. Afterwards {@code generate} and {@code trim} are INVALID_STATE.
   */
  @Override
  public void close() {
    handle.close();
  }
}
