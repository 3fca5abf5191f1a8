// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.function.Executable;

/** The model that the tests draw with, as a folder and as a file, and what they ask of it again and again. */
public final class TestModel {
  public static final String PROMPT = "two red boats at sunset";

  private static File packed;

  private TestModel() {}

  /** What MOBILEDIFFUSION_MODEL names, as tests/jvm sets it. */
  public static File folder() {
    final String model = System.getenv("MOBILEDIFFUSION_MODEL");
    if (model == null) throw new IllegalStateException("MOBILEDIFFUSION_MODEL must name a model folder");
    return new File(model);
  }

  /** The same in one file. */
  public static synchronized File packed() {
    if (packed == null) {
      try {
        final File file = File.createTempFile("mobilediffusion-test", ".mdiff");
        file.deleteOnExit();
        MobileDiffusion.pack(folder(), file);
        packed = file;
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
    return packed;
  }

  public static byte[] packedBytes() throws IOException {
    return Files.readAllBytes(packed().toPath());
  }

  public static Pipeline load() {
    return Pipeline.load(folder(), LoadOptions.builder().threads(2).build());
  }

  /** The pixels of the prompt's picture, seed 0; closes the pipeline. */
  public static byte[] drawnBy(Pipeline pipeline) {
    try (Pipeline closed = pipeline) {
      return draw(closed, 0);
    }
  }

  public static byte[] draw(Pipeline pipeline, long seed) {
    try (Image image = pipeline.generate(PROMPT, GenerateOptions.builder().seed(seed).build())) {
      return image.pixels();
    }
  }

  public static MobileDiffusionException refused(Status status, String saying, Executable call) {
    final MobileDiffusionException refusal = assertThrows(MobileDiffusionException.class, call);
    assertEquals(status, refusal.status(), refusal.getMessage());
    assertTrue(refusal.getMessage().contains(saying), refusal.getMessage());
    return refusal;
  }

  /** Throws what is not declared, as Kotlin does. */
  @SuppressWarnings("unchecked")
  static <T extends Throwable> void sneak(Throwable throwable) throws T {
    throw (T) throwable;
  }

  /** Writes a LoRA that changes one layer of the model, whichever model it is. */
  static void writeLora(File file) throws IOException {
    final byte[] model = packedBytes();
    final int headerBytes = (int) ByteBuffer.wrap(model).order(ByteOrder.LITTLE_ENDIAN).getLong();
    final Matcher layer = Pattern.compile("\"unet/([^\"]*to_q)\\.weight\":\\{[^}]*\"shape\":\\[(\\d+),(\\d+)\\]")
        .matcher(new String(model, 8, headerBytes, StandardCharsets.UTF_8));
    assertTrue(layer.find());
    final int rows = Integer.parseInt(layer.group(2));
    final int columns = Integer.parseInt(layer.group(3));
    final byte[] header = ("{\"unet." + layer.group(1) + ".lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[1," + columns
        + "],\"data_offsets\":[0," + 4 * columns + "]},\"unet." + layer.group(1)
        + ".lora_B.weight\":{\"dtype\":\"F32\",\"shape\":[" + rows + ",1],\"data_offsets\":[" + 4 * columns + ","
        + 4 * (columns + rows) + "]}}").getBytes(StandardCharsets.UTF_8);
    final ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + 4 * (columns + rows)).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header);
    for (int i = 0; i < columns + rows; ++i) bytes.putFloat(i % 3 == 0 ? 0.5f : -0.25f);
    Files.write(file.toPath(), bytes.array());
  }
}
