// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/**
 * Pictures that follow a prompt while it is being typed.
 *
 * <pre>{@code
 * LiveSession session = LiveSession.start(pipeline, picture -> {
 *   if (picture.failure() == null) show(picture.image()); // on the session's thread
 * });
 * session.submit("a red f"); // at every keystroke; returns at once
 * session.submit("a red fox"); // the newest prompt wins
 * }</pre>
 *
 * One prompt waits at most: a newer one takes its place and cancels the picture that is drawn. After a last submit its
 * picture always comes, and nothing after it. What the text encoder answered is kept for prompts that come back. Any thread
 * may submit; others may draw with the pipeline too. It ends with {@link #close}, with the pipeline's, or some time after it
 * was forgotten.
 */
public final class LiveSession implements AutoCloseable {
  private static final Handle.Kind KIND = new Handle.Kind() {
    @Override
    public void free(long pointer) {
      Native.freeLive(pointer);
    }

    @Override
    public void cancel(long pointer) {} // freeing it does
  };

  private final Handle handle;
  private final LiveRun run;
  @SuppressWarnings({"unused", "FieldCanBeLocal"})
  private final Pipeline pipeline; // which lives as long
  private final long seed;

  private LiveSession(long pointer, LiveRun run, Pipeline pipeline, long seed) {
    handle = new Handle(this, "live session", pointer, KIND, pipeline.handle);
    this.run = run;
    this.pipeline = pipeline;
    this.seed = seed;
    run.belongTo(handle);
  }

  /** {@link #start(Pipeline, GenerateOptions, LiveListener)} by the default options. */
  public static LiveSession start(Pipeline pipeline, LiveListener listener) {
    return start(pipeline, GenerateOptions.builder().build(), listener);
  }

  /**
   * The options are every picture's, the seed too, so that the picture grows with its words; without an
   * {@link GenerateOptions.Builder#output}.
   */
  public static LiveSession start(Pipeline pipeline, GenerateOptions options, LiveListener listener) {
    Arguments.notNull("pipeline", pipeline);
    Arguments.notNull("options", options);
    Arguments.notNull("listener", listener);
    if (options.output != null) throw Arguments.invalid("a live session draws several pictures: output must be null");
    final byte[] negative = Arguments.text("negativePrompt", options.negativePrompt);
    final byte[] sampler = Arguments.text("sampler", options.sampler);
    Handle.freeDropped();
    final LiveRun run = new LiveRun(listener, pipeline.callbacks);
    final long pointer = pipeline.handle.enter(); // the session's handle leaves it
    try {
      final long live = Native.startLive(pointer, options.seed, options.width, options.height, options.steps,
          options.guidance, negative, sampler, options.pixels, options.pixelsWidth, options.pixelsHeight,
          options.pixelsFormat.code, options.strength, options.initialNoise, options.noise.code, options.format.code, run);
      final LiveSession session = new LiveSession(live, run, pipeline, options.seed);
      if (pipeline.handle.isClosed()) session.close(); // meanwhile, and knew nothing of this one
      return session;
    } catch (Throwable thrown) {
      pipeline.handle.leave();
      throw thrown;
    }
  }

  /** Asks for a prompt's picture, with the options' seed, and returns at once. An unchanged prompt draws nothing. */
  public void submit(String prompt) {
    submit(prompt, seed);
  }

  /** The same with another seed. */
  public void submit(String prompt, long seed) {
    final byte[] words = Arguments.text("prompt", Arguments.notNull("prompt", prompt));
    run.rethrow();
    final long live = handle.enter();
    try {
      Native.submitLive(live, words, seed);
    } finally {
      handle.leave();
    }
  }

  /** Waits until nothing waits or is drawn, and the listener has returned. */
  public void finish() {
    if (handle.isListening()) {
      throw new MobileDiffusionException(Status.INVALID_STATE, "finish() within the listener would wait for itself");
    }
    final long live = handle.enter();
    try {
      Native.finishLive(live);
    } finally {
      handle.leave();
    }
    run.rethrow();
  }

  /**
   * Cancels what is drawn, and waits until a listener that runs has returned; from that listener it does not wait. The
   * listener is not called afterwards, and the rest is INVALID_STATE.
   */
  @Override
  public void close() {
    handle.close();
  }
}
