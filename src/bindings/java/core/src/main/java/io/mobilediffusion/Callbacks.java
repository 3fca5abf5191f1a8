// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** A pipeline's log and filters, as C calls them. */
final class Callbacks extends Caught {
  /** Of {@link #which}, as C has them. */
  private static final int NOTES = 1;
  private static final int PROMPTS = 2;
  private static final int IMAGES = 4;

  private final LogListener log;
  private final PromptFilter promptFilter;
  private final ImageFilter imageFilter;
  private volatile Handle pipeline;

  Callbacks(LoadOptions options) {
    log = options.log;
    promptFilter = options.promptFilter;
    imageFilter = options.imageFilter;
  }

  /** Which of them there are. */
  int which() {
    return (log == null ? 0 : NOTES) + (promptFilter == null ? 0 : PROMPTS) + (imageFilter == null ? 0 : IMAGES);
  }

  /** Once loaded, there is something to cancel. */
  void belongTo(Handle handle) {
    pipeline = handle;
  }

  void note(int level, byte[] message) {
    call(() -> {
      log.onNote(LogLevel.of(level), Arguments.string(message));
      return null;
    });
  }

  /** The reason in UTF-8; null: it passes. */
  byte[] prompt(byte[] prompt) {
    return call(() -> reason(promptFilter.onPrompt(Arguments.string(prompt))));
  }

  /** Likewise. */
  byte[] image(long provenance, byte[] pixels, int width, int height, int format) {
    return call(() -> reason(
        imageFilter.onImage(Provenance.at(provenance), pixels, width, height, PixelFormat.of(format))));
  }

  private static byte[] reason(String refusal) {
    return refusal == null ? null : Arguments.utf8(refusal);
  }

  private interface Call {
    byte[] run();
  }

  /** What a listener throws stops the picture, and a filter that throws lets nothing pass. */
  private byte[] call(Call call) {
    final Handle handle = pipeline;
    final Handle before = handle == null ? null : handle.enterListener();
    try {
      return call.run();
    } catch (Throwable throwable) {
      caught(throwable);
      if (handle != null) handle.cancel();
      return Arguments.utf8("a filter threw " + throwable);
    } finally {
      if (handle != null) Handle.leaveListener(before);
    }
  }
}
