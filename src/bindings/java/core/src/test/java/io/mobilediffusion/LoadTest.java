// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static io.mobilediffusion.TestModel.draw;
import static io.mobilediffusion.TestModel.drawnBy;
import static io.mobilediffusion.TestModel.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a model may come from, its options, and what is refused. */
class LoadTest {
  private static byte[] expected;

  @TempDir
  Path folder;

  @BeforeAll
  static void drawWhatIsExpected() {
    expected = drawnBy(TestModel.load());
  }

  @Test
  void theDefaultModelIsWhatTheEnvironmentNames() {
    try (Pipeline pipeline = Pipeline.load()) {
      assertArrayEquals(expected, draw(pipeline, 0));
      assertFalse(pipeline.modelName().isEmpty());
      assertTrue(pipeline.loadSeconds() > 0);
      assertEquals(0, pipeline.defaultWidth() % pipeline.sizeMultiple());
      assertEquals(0, pipeline.defaultHeight() % pipeline.sizeMultiple());
    }
  }

  @Test
  void buffersOfEveryKind() throws IOException {
    final byte[] model = TestModel.packedBytes();
    final ByteBuffer direct = ByteBuffer.allocateDirect(model.length + 3);
    direct.position(3);
    direct.put(model);
    direct.position(3);
    assertArrayEquals(expected, drawnBy(Pipeline.load(direct)));
    assertEquals(3, direct.position());

    final byte[] padded = new byte[model.length + 10];
    System.arraycopy(model, 0, padded, 7, model.length);
    assertArrayEquals(expected, drawnBy(Pipeline.load(ByteBuffer.wrap(padded, 7, model.length))));
    assertArrayEquals(expected, drawnBy(Pipeline.load(ByteBuffer.wrap(padded, 7, model.length).asReadOnlyBuffer())));
    assertArrayEquals(expected, drawnBy(Pipeline.load(ByteBuffer.wrap(padded, 7, model.length).slice())));

    final Pipeline mapped;
    try (FileChannel file = FileChannel.open(TestModel.packed().toPath(), StandardOpenOption.READ)) {
      mapped = Pipeline.load(file.map(FileChannel.MapMode.READ_ONLY, 0, file.size()));
    }
    System.gc(); // the buffer is the pipeline's
    assertArrayEquals(expected, drawnBy(mapped));
  }

  /** As an asset of an Android app comes. */
  @Test
  void aDescriptor() throws IOException {
    final File descriptors = new File("/proc/self/fd");
    assumeTrue(descriptors.isDirectory(), "Java tells no descriptor's number, and this system has no /proc");
    final byte[] model = TestModel.packedBytes();
    final byte[] before = {1, 2, 3, 4, 5};
    final Path archive = folder.resolve("archive");
    Files.write(archive, before);
    Files.write(archive, model, StandardOpenOption.APPEND);
    final Pipeline toTheEnd;
    try (RandomAccessFile file = new RandomAccessFile(archive.toFile(), "r")) {
      final int descriptor = descriptorOf(descriptors, archive);
      toTheEnd = Pipeline.load(descriptor, before.length, -1);
      assertArrayEquals(expected, drawnBy(Pipeline.load(descriptor, before.length, file.length() - before.length)));
      refused(Status.INVALID_MODEL, "", () -> Pipeline.load(descriptor, 0, -1));
      refused(Status.INVALID_ARGUMENT, "offset", () -> Pipeline.load(descriptor, -1, 8));
      refused(Status.INVALID_ARGUMENT, "bytes", () -> Pipeline.load(descriptor, 0, -2));
    }
    assertArrayEquals(expected, drawnBy(toTheEnd)); // the file is closed meanwhile
  }

  private static int descriptorOf(File descriptors, Path path) throws IOException {
    for (File link : descriptors.listFiles()) {
      if (Files.readSymbolicLink(link.toPath()).equals(path.toRealPath())) return Integer.parseInt(link.getName());
    }
    throw new AssertionError("no descriptor of " + path);
  }

  @Test
  void everyOption() {
    final LoadOptions patient = LoadOptions.builder().threads(1).priority(Priority.BACKGROUND).memory(MemoryUse.STREAM)
        .cacheFolder(folder.resolve("cache \uD83D\uDEA4").toFile()).cacheBytes(1L << 30).build();
    assertArrayEquals(expected, drawnBy(Pipeline.load(TestModel.folder(), patient)));
    assertTrue(Files.isDirectory(folder.resolve("cache \uD83D\uDEA4")));
    final byte[] coarse = drawnBy(loadWith(LoadOptions.builder().precision(Precision.INT8)));
    final byte[] exact = drawnBy(loadWith(LoadOptions.builder().precision(Precision.FLOAT32)));
    assertEquals(expected.length, coarse.length);
    assertFalse(Arrays.equals(coarse, exact));
    assertTrue(Arrays.equals(expected, coarse) || Arrays.equals(expected, exact)); // as the model's weights are

    refused(Status.INVALID_ARGUMENT, "257", () -> loadWith(LoadOptions.builder().threads(257)));
    refused(Status.INVALID_ARGUMENT, "-2147483648", () -> loadWith(LoadOptions.builder().threads(Integer.MIN_VALUE)));
    refused(Status.NOT_FOUND, "no-such-vae", () -> loadWith(LoadOptions.builder().vae(new File("no-such-vae"))));
    refused(Status.INVALID_ARGUMENT, "cacheBytes", () -> LoadOptions.builder().cacheBytes(-1));
    refused(Status.INVALID_ARGUMENT, "precision is null", () -> LoadOptions.builder().precision(null));
    refused(Status.INVALID_ARGUMENT, "options is null", () -> Pipeline.load(TestModel.folder(), null));
    refused(Status.INVALID_ARGUMENT, "model is null", () -> Pipeline.load((byte[]) null));
  }

  private static Pipeline loadWith(LoadOptions.Builder options) {
    return Pipeline.load(TestModel.folder(), options.build());
  }

  @Test
  void lorasAreAdded() throws IOException {
    final File lora = folder.resolve("l\u00f6ra.safetensors").toFile();
    TestModel.writeLora(lora);
    try (Pipeline pipeline = loadWith(LoadOptions.builder().loras(new Lora(lora, 0.5f), new Lora(lora, 1)));
        Image image = pipeline.generate(TestModel.PROMPT)) {
      assertFalse(Arrays.equals(expected, image.pixels()));
      assertEquals(Arrays.asList("l\u00f6ra.safetensors:0.5", "l\u00f6ra.safetensors:1"), image.provenance().loras());
    }
    final Lora missing = new Lora(new File("missing.safetensors"), 1);
    refused(Status.NOT_FOUND, "missing.safetensors", () -> loadWith(LoadOptions.builder().loras(missing)));
    refused(Status.INVALID_ARGUMENT, "loras[1] is null", () -> LoadOptions.builder().loras(missing, null));
  }

  @Test
  void brokenModels() throws IOException {
    final byte[] model = TestModel.packedBytes();
    refused(Status.INVALID_MODEL, "", () -> Pipeline.load(new byte[0]));
    refused(Status.INVALID_MODEL, "", () -> Pipeline.load(ByteBuffer.allocateDirect(0)));
    refused(Status.INVALID_MODEL, "", () -> Pipeline.load(new byte[91]));
    refused(Status.INVALID_MODEL, "", () -> Pipeline.load(Arrays.copyOf(model, model.length / 2)));
    final byte[] overwritten = model.clone();
    Arrays.fill(overwritten, 8, 64, (byte) '}');
    refused(Status.INVALID_MODEL, "", () -> Pipeline.load(overwritten));
    final Path text = Files.write(folder.resolve("model.mdiff"), "not a model".getBytes());
    refused(Status.INVALID_MODEL, "model.mdiff", () -> Pipeline.load(text.toFile()));
    refused(Status.NOT_FOUND, "m\u00f6del \uD83D\uDEA4", () -> Pipeline.load(new File("m\u00f6del \uD83D\uDEA4")));
    refused(Status.INVALID_ARGUMENT, "NUL", () -> Pipeline.load(new File("model\0.mdiff")));
  }

  @Test
  void notesAreTold() throws IOException {
    final List<String> notes = Collections.synchronizedList(new ArrayList<>());
    final File blocked = Files.write(folder.resolve("file"), new byte[1]).toFile();
    final LoadOptions.Builder options = LoadOptions.builder().cacheFolder(new File(blocked, "cache"));
    try (Pipeline pipeline = loadWith(options.log((level, message) -> notes.add(level + " " + message)))) {
      assertArrayEquals(expected, draw(pipeline, 0));
      assertNotEquals(0, notes.size());
    }
    final IOException thrown = new IOException("by a listener");
    final IOException caught = assertThrows(IOException.class, () -> loadWith(options.log((level, message) -> {
      TestModel.<RuntimeException>sneak(thrown);
    })));
    assertSame(thrown, caught);
  }

  /** A note during a picture: of a size that the model was not made for. */
  @Test
  void whatAListenerOfNotesThrowsCancels() {
    for (Priority priority : Priority.values()) {
      final boolean[] throwing = {false};
      final RuntimeException thrown = new RuntimeException("by a listener");
      final LoadOptions.Builder options = LoadOptions.builder().priority(priority).log((level, message) -> {
        if (throwing[0]) throw thrown;
      });
      try (Pipeline pipeline = loadWith(options)) {
        throwing[0] = true;
        final GenerateOptions odd = GenerateOptions.builder()
            .size(pipeline.defaultWidth() + pipeline.sizeMultiple(), pipeline.defaultHeight()).build();
        assertSame(thrown, assertThrows(RuntimeException.class, () -> pipeline.generate(TestModel.PROMPT, odd)));
        throwing[0] = false;
        assertArrayEquals(expected, draw(pipeline, 0));
      }
    }
  }

  @Test
  void itSaysWhatItIs() {
    assertTrue(MobileDiffusion.version().matches("\\d+\\.\\d+\\.\\d+"), MobileDiffusion.version());
    assertFalse(MobileDiffusion.xnnpackVersion().isEmpty());
  }

  @Test
  void theFoldersOfTheJar() {
    assertEquals("linux-x86_64", NativeLibrary.platform("Linux", "amd64"));
    assertEquals("linux-aarch64", NativeLibrary.platform("Linux", "aarch64"));
    assertEquals("macos-aarch64", NativeLibrary.platform("Mac OS X", "aarch64"));
    assertEquals("macos-x86_64", NativeLibrary.platform("Mac OS X", "x86_64"));
    assertEquals("windows-x86_64", NativeLibrary.platform("Windows 11", "amd64"));
  }
}
