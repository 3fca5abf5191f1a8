// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.nio.ByteBuffer;

/**
 * What is written in C (src/bindings/java/jni), and what C calls. Strings are bytes in UTF-8, handles are pointers; -1 and
 * NaN, where said so, are the library's own default.
 */
final class Native {
  static {
    NativeLibrary.load();
  }

  private Native() {}

  static native byte[] version();
  static native byte[] xnnpackVersion();

  // ---- Pipelines; cacheBytes: -1; which: of the callbacks, by Callbacks.which()

  static native long loadPath(byte[] model, int threads, int precision, int memory, int priority, byte[][] loraPaths,
      float[] loraWeights, byte[] cacheFolder, long cacheBytes, byte[] vae, byte[] refusedWords,
      Object callbacks, int which);
  static native long loadDescriptor(int descriptor, long offset, long bytes, int threads, int precision, int memory,
      int priority, byte[][] loraPaths, float[] loraWeights, byte[] cacheFolder, long cacheBytes, byte[] vae,
      byte[] refusedWords, Object callbacks, int which);
  static native long loadBuffer(ByteBuffer direct, int threads, int precision, int memory, int priority,
      byte[][] loraPaths, float[] loraWeights, byte[] cacheFolder, long cacheBytes, byte[] vae, byte[] refusedWords,
      Object callbacks, int which);
  static native long loadBytes(byte[] model, int offset, int bytes, int threads, int precision, int memory,
      int priority, byte[][] loraPaths, float[] loraWeights, byte[] cacheFolder, long cacheBytes, byte[] vae,
      byte[] refusedWords, Object callbacks, int which);
  static native void freePipeline(long pipeline);
  static native void cancel(long pipeline);
  static native void trim(long pipeline);
  static native int defaultWidth(long pipeline);
  static native int defaultHeight(long pipeline);
  static native int sizeMultiple(long pipeline);
  static native byte[] modelName(long pipeline);
  static native double loadSeconds(long pipeline);

  /** strength: NaN; output: direct; run: for progress(). Returns an image. */
  static native long generate(long pipeline, byte[] prompt, long seed, int width, int height, int steps, float guidance,
      byte[] negativePrompt, byte[] sampler, byte[] pixels, int pixelsWidth, int pixelsHeight, int pixelsFormat,
      double strength, float[] noise, int noiseSource, int format, ByteBuffer output, Object run);

  // ---- Live sessions; strength and run: as of generate()

  static native long startLive(long pipeline, long seed, int width, int height, int steps, float guidance,
      byte[] negativePrompt, byte[] sampler, byte[] pixels, int pixelsWidth, int pixelsHeight, int pixelsFormat,
      double strength, float[] noise, int noiseSource, int format, Object run);
  static native void submitLive(long live, byte[] prompt, long seed);
  static native void finishLive(long live);
  static native void freeLive(long live);

  // ---- Images

  static native void freeImage(long image);
  static native int width(long image);
  static native int height(long image);
  static native int format(long image);
  static native byte[] pixels(long image);
  static native double stageSeconds(long image, int stage);
  static native double totalSeconds(long image);
  static native boolean promptTruncated(long image);
  static native int promptTokens(long image);
  static native byte[][] unknownWords(long image);
  static native long imageFromPixels(byte[] pixels, int width, int height, int format, long like);
  static native long readImage(byte[] path);
  static native long decodeImage(byte[] file);
  static native void save(long image, byte[] path, boolean metadata, boolean qualitySet, int quality);
  static native byte[] encode(long image, int fileFormat, boolean metadata, boolean qualitySet, int quality);

  // ---- Provenances

  static native long imageProvenance(long image);
  static native long readProvenance(byte[] path);
  static native void freeProvenance(long provenance);
  static native byte[][] provenanceTexts(long provenance);
  static native byte[][] provenanceLoras(long provenance);
  static native long provenanceSeed(long provenance);
  static native int provenanceSteps(long provenance);
  static native float provenanceGuidance(long provenance);
  static native double provenanceStrength(long provenance);

  // ---- Packing

  static native void pack(byte[] model, byte[] file, int weights, byte[][] loraPaths, float[] loraWeights, byte[] vae,
      byte[] program, Object cancellation);

  // ---- Called by C

  static Throwable failure(int status, byte[] message) {
    return MobileDiffusionException.of(status, message);
  }

  static boolean progress(Object run, int stage, int done, int total) {
    return ((Run) run).progress(stage, done, total);
  }

  static void note(Object callbacks, int level, byte[] message) {
    ((Callbacks) callbacks).note(level, message);
  }

  static byte[] filterPrompt(Object callbacks, byte[] prompt) {
    return ((Callbacks) callbacks).prompt(prompt);
  }

  static byte[] filterImage(Object callbacks, long provenance, byte[] pixels, int width, int height, int format) {
    return ((Callbacks) callbacks).image(provenance, pixels, width, height, format);
  }

  static void picture(Object run, byte[] prompt, long seed, double seconds, long image, int status, byte[] message) {
    ((LiveRun) run).picture(prompt, seed, seconds, image, status, message);
  }

  static boolean cancelled(Object cancellation) {
    return ((Asked) cancellation).isCancelled();
  }
}
