// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static io.mobilediffusion.TestModel.PROMPT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is closed is gone, and what is forgotten goes too. */
@Timeout(900)
class LeakTest {
  private static final LoadOptions FAST = LoadOptions.builder().precision(Precision.INT8).threads(1).build();
  private static final int SIDE = 128;

  /** Bytes of this process that are in memory, or 0 where the system does not say. */
  private static long resident() throws IOException {
    final File statm = new File("/proc/self/statm");
    if (!statm.exists()) return 0;
    return 4096 * Long.parseLong(new String(Files.readAllBytes(statm.toPath())).split(" ")[1]);
  }

  /** Some 600 KB of each picture would stay if any of its arrays, strings, references or errors did. */
  @Test
  void nothingOver500Pictures() throws IOException {
    final int open = Handle.countOpen();
    try (Pipeline pipeline = Pipeline.load(TestModel.folder(), FAST)) {
      try (Image begin = pipeline.generate(PROMPT, GenerateOptions.builder().size(SIDE, SIDE).build())) {
        long before = 0;
        for (int i = 0; i < 500; ++i) {
          if (i == 100) before = resident();
          drawAndFail(pipeline, i);
        }
        final long grown = resident() - before;
        System.out.println("grown by " + (grown >> 10) + " KiB from the 100th picture to the 500th");
        assertTrue(grown < 400 * begin.pixels().length / 4, "grown by " + grown + " bytes");
      }
    }
    assertEquals(open, Handle.countOpen());
  }

  private static void drawAndFail(Pipeline pipeline, int i) {
    final GenerateOptions options =
        GenerateOptions.builder().seed(i).size(SIDE, SIDE).format(PixelFormat.RGBA).build();
    try (Image image = pipeline.generate(PROMPT + " " + i, options, (stage, done, total) -> true);
        Image copy = Image.fromPixels(image.pixels(), image.width(), image.height(), image.format(), image)) {
      copy.provenance();
      if (i % 10 == 0) copy.encode(FileFormat.PNG);
    }
    assertThrows(MobileDiffusionException.class, () -> pipeline.generate(PROMPT, options, (stage, done, total) -> false));
    assertThrows(IllegalStateException.class, () -> pipeline.generate(PROMPT, options, (stage, done, total) -> {
      throw new IllegalStateException();
    }));
  }

  @Test
  void norOverManyLoads() throws IOException {
    final byte[] model = TestModel.packedBytes();
    long before = 0;
    for (int i = 0; i < 30; ++i) {
      if (i == 10) before = resident();
      Pipeline.load(model, FAST).close();
    }
    final long grown = resident() - before;
    System.out.println("grown by " + (grown >> 10) + " KiB from the 10th load to the 30th");
    assertTrue(grown < 20L * model.length / 8, "grown by " + grown + " bytes");
  }

  @Test
  void whatIsForgottenIsFreed() throws InterruptedException {
    final int open = Handle.countOpen(); // and maybe forgotten by another test
    try (Pipeline pipeline = Pipeline.load(TestModel.folder(), FAST)) {
      for (int i = 0; i < 20; ++i) pipeline.generate(PROMPT);
      for (int i = 0; i < 100 && Handle.countOpen() > open + 1; ++i) {
        System.gc();
        Thread.sleep(20);
        Handle.freeDropped();
      }
      assertTrue(Handle.countOpen() <= open + 1, Handle.countOpen() + " are open");
    }
  }
}
