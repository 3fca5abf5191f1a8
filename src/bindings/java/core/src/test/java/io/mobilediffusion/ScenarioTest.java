// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static io.mobilediffusion.TestModel.PROMPT;
import static io.mobilediffusion.TestModel.draw;
import static io.mobilediffusion.TestModel.drawnBy;
import static io.mobilediffusion.TestModel.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The scenario that every language's tests tell, under these names. */
class ScenarioTest {
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

  @Test
  void loadsFromBytes() throws IOException {
    assertArrayEquals(expected, drawnBy(Pipeline.load(TestModel.packedBytes())));
  }

  @Test
  void loadsFromAPackedFile() {
    assertArrayEquals(expected, drawnBy(Pipeline.load(TestModel.packed())));
  }

  @Test
  void drawsWithProgress() {
    final List<Stage> stages = new ArrayList<>();
    final List<Stage> finished = new ArrayList<>();
    final GenerateOptions options = GenerateOptions.builder().build();
    try (Image image = pipeline.generate(PROMPT, options, (stage, done, total) -> {
      stages.add(stage);
      if (done == total) finished.add(stage);
      return true;
    })) {
      assertArrayEquals(expected, image.pixels());
    }
    final List<Stage> all = Arrays.asList(Stage.TEXT, Stage.UNET, Stage.DECODER);
    assertEquals(all, new ArrayList<>(new LinkedHashSet<>(stages)));
    assertEquals(all, finished);
  }

  @Test
  void cancelsHalfWay() {
    final GenerateOptions options = GenerateOptions.builder().build();
    final List<Stage> seen = Collections.synchronizedList(new ArrayList<>());
    refused(Status.CANCELLED, "cancel", () -> pipeline.generate(PROMPT, options, (stage, done, total) -> {
      seen.add(stage);
      return stage != Stage.UNET || 2 * done < total;
    }));
    assertTrue(seen.contains(Stage.UNET));
    assertFalse(seen.contains(Stage.DECODER));
    refused(Status.CANCELLED, "cancel", () -> pipeline.generate(PROMPT, options, (stage, done, total) -> {
      if (stage == Stage.UNET) pipeline.cancel();
      return true;
    }));
  }

  @Test
  void refusesWhatCannotBe() {
    refused(Status.INVALID_ARGUMENT, "13",
        () -> pipeline.generate(PROMPT, GenerateOptions.builder().size(13, pipeline.defaultHeight()).build()));
    refused(Status.INVALID_ARGUMENT, "steps", () -> pipeline.generate(PROMPT, GenerateOptions.builder().steps(-1).build()));
    refused(Status.NOT_FOUND, "no-such-model", () -> Pipeline.load(new File("no-such-model")));
    refused(Status.INVALID_MODEL, "", () -> Pipeline.load(Arrays.copyOf(TestModel.packedBytes(), 100_000)));
  }

  @Test
  void drawsAgain() {
    assertArrayEquals(expected, draw(pipeline, 0));
    assertFalse(Arrays.equals(expected, draw(pipeline, 1)));
    pipeline.trim();
    assertArrayEquals(expected, draw(pipeline, 0));
  }

  @Test
  void letsGo() {
    final Pipeline other = TestModel.load();
    final Image image = other.generate(PROMPT);
    other.close();
    other.close();
    refused(Status.INVALID_STATE, "the pipeline is closed", () -> other.generate(PROMPT));
    assertArrayEquals(expected, image.pixels());
    image.close();
    refused(Status.INVALID_STATE, "the image is closed", image::pixels);
  }
}
