// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static io.mobilediffusion.TestModel.PROMPT;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an app lets through. */
@Timeout(300)
class FilterTest {
  private static Pipeline load(LoadOptions.Builder options) {
    return Pipeline.load(TestModel.folder(), options.build());
  }

  private static void refused(String reason, Pipeline pipeline, String prompt) {
    final RefusedException refusal = assertThrows(RefusedException.class, () -> pipeline.generate(prompt));
    assertEquals(Status.REFUSED, refusal.status());
    assertEquals(reason, refusal.getMessage());
  }

  @Test
  void theWordsOfAList() {
    final List<String> asked = new ArrayList<>();
    try (Pipeline pipeline = load(LoadOptions.builder().refusedWords("# a list\nred\nblue house").promptFilter(prompt -> {
      asked.add(prompt);
      return null;
    }))) {
      refused("the prompt has \"red\", which is on the list of refused words", pipeline, "a R\u00e9\u200bD boat");
      assertEquals(0, asked.size());
      pipeline.generate("a blue boat \uD83D\uDEA4").close();
      assertEquals(Arrays.asList("a blue boat \uD83D\uDEA4"), asked);
    }
    TestModel.refused(Status.INVALID_ARGUMENT, "no letter and no number",
        () -> load(LoadOptions.builder().refusedWords("!")));
    TestModel.refused(Status.INVALID_ARGUMENT, "refusedWords has a NUL",
        () -> load(LoadOptions.builder().refusedWords("red\0")));
  }

  @Test
  void aPromptIsRefusedBeforeItIsDrawn() {
    for (Priority priority : Priority.values()) {
      try (Pipeline pipeline = load(LoadOptions.builder().priority(priority)
          .promptFilter(prompt -> prompt.contains("house") ? "no houses, \u00e4h \uD83C\uDFE0" : null))) {
        refused("no houses, \u00e4h \uD83C\uDFE0", pipeline, "a house");
        assertThrows(RefusedException.class, () -> pipeline.generate("a house", GenerateOptions.builder().build(),
            (stage, done, total) -> {
              throw new AssertionError("drawn");
            }));
        pipeline.generate("a boat").close();
      }
    }
  }

  @Test
  void aPictureIsChangedOrRefused() {
    final String[] refusal = {null};
    final ImageFilter filter = (provenance, pixels, width, height, format) -> {
      assertEquals("a boat", provenance.prompt());
      assertEquals(5, provenance.seed());
      assertEquals(width * height * format.bytes(), pixels.length);
      Arrays.fill(pixels, (byte) 7);
      return refusal[0];
    };
    try (Pipeline pipeline = load(LoadOptions.builder().imageFilter(filter))) {
      final GenerateOptions.Builder options = GenerateOptions.builder().seed(5);
      final byte[] painted;
      try (Image image = pipeline.generate("a boat", options.build())) {
        painted = image.pixels();
        final byte[] expected = new byte[painted.length];
        Arrays.fill(expected, (byte) 7);
        assertArrayEquals(expected, painted);
        for (FileFormat format : FileFormat.values()) { // whatever was changed, it is the model's
          final String file = new String(image.encode(format), StandardCharsets.ISO_8859_1);
          assertTrue(file.contains("digitalsourcetype/trainedAlgorithmicMedia"));
        }
      }
      refusal[0] = "not this one";
      final ByteBuffer output = ByteBuffer.allocateDirect(painted.length);
      final RefusedException refused = assertThrows(RefusedException.class,
          () -> pipeline.generate("a boat", options.output(output).build()));
      assertEquals("not this one", refused.getMessage());
      for (int i = 0; i < painted.length; ++i) assertEquals(0, output.get(i));
    }
  }

  @Test
  void whatAFilterThrowsIsThrown() {
    final byte[] expected = TestModel.drawnBy(TestModel.load());
    final RuntimeException thrown = new RuntimeException("by a filter");
    final boolean[] throwing = {true};
    for (Priority priority : Priority.values()) {
      throwing[0] = true;
      try (Pipeline pipeline = load(LoadOptions.builder().priority(priority).threads(2).promptFilter(prompt -> {
        if (throwing[0]) throw thrown;
        return null;
      }))) {
        assertSame(thrown, assertThrows(RuntimeException.class, () -> pipeline.generate(PROMPT)));
        throwing[0] = false;
        assertArrayEquals(expected, TestModel.draw(pipeline, 0));
      }
      throwing[0] = true;
      try (Pipeline pipeline = load(LoadOptions.builder().priority(priority).threads(2)
          .imageFilter((provenance, pixels, width, height, format) -> {
            if (throwing[0]) throw thrown;
            return null;
          }))) {
        assertSame(thrown, assertThrows(RuntimeException.class, () -> pipeline.generate(PROMPT)));
        throwing[0] = false;
        assertArrayEquals(expected, TestModel.draw(pipeline, 0));
      }
    }
  }

  @Test
  void liveSessionsAreFiltered() {
    final List<LivePicture> pictures = new ArrayList<>();
    final RuntimeException thrown = new RuntimeException("by a filter");
    try (Pipeline pipeline = load(LoadOptions.builder().refusedWords("red").promptFilter(prompt -> {
      if (prompt.equals("throw")) throw thrown;
      return null;
    })); LiveSession session = LiveSession.start(pipeline, pictures::add)) {
      for (String prompt : new String[] {"a re", "a red", "throw", "a boat"}) {
        session.submit(prompt);
        session.finish();
      }
      assertEquals(4, pictures.size());
      assertNotEquals(0, pictures.get(0).image().width());
      assertEquals(RefusedException.class, pictures.get(1).failure().getClass());
      assertEquals(RefusedException.class, pictures.get(2).failure().getClass());
      assertSame(thrown, pictures.get(2).failure().getCause());
      assertThrows(RefusedException.class, () -> pictures.get(1).image());
      assertNotSame(pictures.get(0).image(), pictures.get(3).image());
      pictures.forEach(LivePicture::close);
    }
  }
}
