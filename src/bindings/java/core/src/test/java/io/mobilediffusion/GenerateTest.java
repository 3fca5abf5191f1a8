// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static io.mobilediffusion.TestModel.PROMPT;
import static io.mobilediffusion.TestModel.draw;
import static io.mobilediffusion.TestModel.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A picture's options, what comes with it, and listeners that throw. */
class GenerateTest {
  private static Pipeline pipeline;
  private static byte[] expected;

  @BeforeAll
  static void load() {
    pipeline = TestModel.load();
    expected = draw(pipeline, 0);
  }

  @AfterAll
  static void close() {
    pipeline.close();
  }

  private static Image generate(GenerateOptions.Builder options) {
    return pipeline.generate(PROMPT, options.build());
  }

  @Test
  void whatComesWithAPicture() {
    try (Image image = pipeline.generate("two red boats, zzyzx", GenerateOptions.builder().seed(-2).build())) {
      assertEquals(pipeline.defaultWidth(), image.width());
      assertEquals(pipeline.defaultHeight(), image.height());
      assertEquals(PixelFormat.RGB, image.format());
      assertEquals(3 * image.width() * image.height(), image.pixels().length);
      assertTrue(image.totalSeconds() > 0);
      assertTrue(image.stageSeconds(Stage.UNET) > 0);
      assertEquals(0, image.stageSeconds(Stage.ENCODER));
      assertTrue(image.promptTokens() > 3);
      assertFalse(image.promptTruncated());
      assertTrue(image.unknownWords().isEmpty() || image.unknownWords().equals(Collections.singletonList("zzyzx")));
      final Provenance made = image.provenance();
      assertEquals("two red boats, zzyzx", made.prompt());
      assertEquals("", made.negativePrompt());
      assertEquals("18446744073709551614", Long.toUnsignedString(made.seed()));
      assertEquals(pipeline.modelName(), made.model());
      assertFalse(made.sampler().isEmpty());
      assertEquals("philox", made.noise());
      assertTrue(made.steps() > 0);
      assertTrue(made.strength() < 0);
      assertTrue(made.loras().isEmpty());
    }
  }

  /** Past U+FFFF, where JNI's own strings are not what others call UTF-8. */
  @Test
  void promptsInAnyScript() {
    final String prompt = "a boat \uD83D\uDEA4, \u0431\u0430\u0440\u043a\u0430, \u8239";
    try (Image image = pipeline.generate(prompt)) {
      assertEquals(prompt, image.provenance().prompt());
    }
    pipeline.generate("").close();
    try (Image image = pipeline.generate(String.join(" ", Collections.nCopies(300, "boat")))) {
      assertTrue(image.promptTruncated());
    }
    refused(Status.INVALID_ARGUMENT, "prompt has a NUL, character 1 of 3", () -> pipeline.generate("a\0b"));
    refused(Status.INVALID_ARGUMENT, "prompt is null", () -> pipeline.generate(null));
  }

  @Test
  void everyOption() {
    final GenerateOptions.Builder options = GenerateOptions.builder().seed(3).size(pipeline.defaultWidth(),
        pipeline.defaultHeight()).steps(1).guidance(2).negativePrompt("fog")
        .noise(Noise.TORCH).format(PixelFormat.RGBA);
    try (Image image = generate(options)) {
      final byte[] pixels = image.pixels();
      assertEquals(PixelFormat.RGBA, image.format());
      assertEquals(4 * image.width() * image.height(), pixels.length);
      assertEquals((byte) 255, pixels[3]);
      assertEquals("torch", image.provenance().noise());
      assertEquals("fog", image.provenance().negativePrompt());
      assertEquals(2, image.provenance().guidance());
      assertEquals(1, image.provenance().steps());
      assertEquals((pixels[0] & 0xFF) << 16 | (pixels[1] & 0xFF) << 8 | pixels[2] & 0xFF, image.argb()[0] & 0xFFFFFF);
    }
    refused(Status.INVALID_ARGUMENT, "no-such", () -> generate(GenerateOptions.builder().sampler("no-such")));
    refused(Status.INVALID_ARGUMENT, "guidance", () -> generate(GenerateOptions.builder().guidance(101)));
    refused(Status.INVALID_ARGUMENT, "noise is null", () -> GenerateOptions.builder().noise(null));
    refused(Status.INVALID_ARGUMENT, "options is null", () -> pipeline.generate(PROMPT, null));
  }

  @Test
  void theCallersNoise() {
    refused(Status.INVALID_ARGUMENT, "noise", () -> generate(GenerateOptions.builder().initialNoise(new float[3])));
    final int cells = pipeline.defaultWidth() / 8 * (pipeline.defaultHeight() / 8);
    for (int channels : new int[] {4, 8, 16}) {
      final float[] noise = new float[channels * cells];
      Arrays.fill(noise, 0.1f);
      try (Image image = generate(GenerateOptions.builder().initialNoise(noise))) {
        assertFalse(Arrays.equals(expected, image.pixels()));
        return;
      } catch (MobileDiffusionException e) {
        assertEquals(Status.INVALID_ARGUMENT, e.status());
      }
    }
    throw new AssertionError("no number of channels fits");
  }

  @Test
  void theCallersMemory() {
    final ByteBuffer memory = ByteBuffer.allocateDirect(5 + expected.length);
    memory.position(5);
    try (Image image = generate(GenerateOptions.builder().output(memory))) {
      final byte[] drawn = new byte[expected.length];
      memory.get(drawn);
      assertArrayEquals(expected, drawn);
      refused(Status.INVALID_ARGUMENT, "output", image::pixels);
      try (Image whole = Image.fromPixels(drawn, image.width(), image.height(), PixelFormat.RGB, image)) {
        assertArrayEquals(expected, whole.pixels());
        assertEquals(PROMPT, whole.provenance().prompt());
      }
    }
    memory.position(6);
    refused(Status.INVALID_ARGUMENT, "output", () -> generate(GenerateOptions.builder().output(memory)));
    refused(Status.INVALID_ARGUMENT, "direct", () -> GenerateOptions.builder().output(ByteBuffer.allocate(9)));
    refused(Status.INVALID_ARGUMENT, "read-only", () -> GenerateOptions.builder().output(memory.asReadOnlyBuffer()));
  }

  @Test
  void fromAPicture() {
    try (Image first = pipeline.generate(PROMPT);
        Image changed = pipeline.generate("a blue house", GenerateOptions.builder().image(first).strength(0.5).build())) {
      assertFalse(Arrays.equals(expected, changed.pixels()));
      assertEquals(0.5, changed.provenance().strength());
      assertTrue(changed.stageSeconds(Stage.ENCODER) > 0);
      try (Image byDefault = generate(GenerateOptions.builder().image(first))) {
        assertEquals(0.6, byDefault.provenance().strength());
      }
    } catch (MobileDiffusionException e) {
      assertEquals(Status.UNSUPPORTED, e.status(), e.getMessage()); // a model without an encoder
    }
    refused(Status.INVALID_ARGUMENT, "not 11",
        () -> GenerateOptions.builder().image(new byte[11], 2, 2, PixelFormat.RGB));
    refused(Status.INVALID_ARGUMENT, "65536",
        () -> GenerateOptions.builder().image(new byte[0], 65536, 65536, PixelFormat.RGBA));
    refused(Status.INVALID_ARGUMENT, "strength", () -> GenerateOptions.builder().strength(Double.NaN));
  }

  @Test
  void whatAListenerThrowsIsThrown() {
    for (Priority priority : Priority.values()) {
      final LoadOptions options = LoadOptions.builder().priority(priority).build();
      try (Pipeline one = Pipeline.load(TestModel.folder(), options)) {
        for (Throwable thrown : new Throwable[] {new IOException("checked"), new IllegalStateException(), new Error()}) {
          assertSame(thrown, assertThrows(Throwable.class, () -> one.generate(PROMPT, GenerateOptions.builder().build(),
              (stage, done, total) -> {
                if (stage == Stage.UNET) TestModel.<RuntimeException>sneak(thrown);
                return true;
              })));
        }
        assertThrows(StackOverflowError.class, () -> one.generate(PROMPT, GenerateOptions.builder().build(),
            GenerateTest::overflow));
        assertArrayEquals(expected, draw(one, 0));
      }
    }
  }

  private static boolean overflow(Stage stage, int done, int total) {
    return overflow(stage, done + 1, total) && overflow(stage, done, total + 1);
  }
}
