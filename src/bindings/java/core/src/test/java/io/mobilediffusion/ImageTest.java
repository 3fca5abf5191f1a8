// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static io.mobilediffusion.TestModel.PROMPT;
import static io.mobilediffusion.TestModel.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pictures to files and back, and to other classes of pictures. */
class ImageTest {
  private static Image image;

  @TempDir
  Path folder;

  @BeforeAll
  static void drawOne() {
    try (Pipeline pipeline = TestModel.load()) {
      image = pipeline.generate(PROMPT);
    }
  }

  @AfterAll
  static void close() {
    image.close();
  }

  @Test
  void toFilesAndBack() throws IOException {
    final File png = folder.resolve("b\u00e4ts \uD83D\uDEA4.png").toFile();
    image.save(png);
    assertArrayEquals(Files.readAllBytes(png.toPath()), image.encode(FileFormat.PNG));
    try (Image read = Image.read(png); Image decoded = Image.decode(Files.readAllBytes(png.toPath()))) {
      assertArrayEquals(image.pixels(), read.pixels());
      assertArrayEquals(image.pixels(), decoded.pixels());
      assertEquals(0, read.totalSeconds());
    }
    assertEquals(PROMPT, Provenance.read(png).prompt());

    final File jpeg = folder.resolve("boats.jpg").toFile();
    image.save(jpeg, SaveOptions.builder().jpegQuality(40).build());
    assertEquals(PROMPT, Provenance.read(jpeg).prompt());
    assertTrue(jpeg.length() < image.encode(FileFormat.JPEG).length);
    refused(Status.INVALID_ARGUMENT, "101",
        () -> image.save(jpeg, SaveOptions.builder().jpegQuality(101).build()));

    final File bare = folder.resolve("bare.png").toFile();
    image.save(bare, SaveOptions.builder().metadata(false).build());
    assertFalse(new String(Files.readAllBytes(bare.toPath()), "ISO-8859-1").contains(PROMPT));

    refused(Status.NOT_FOUND, "missing.png", () -> Image.read(new File("missing.png")));
    refused(Status.NOT_FOUND, "missing.png", () -> Provenance.read(new File("missing.png")));
    refused(Status.INVALID_ARGUMENT, "", () -> Image.decode("no picture".getBytes()));
    refused(Status.INVALID_ARGUMENT, "path", () -> Image.read(null));
    refused(Status.INVALID_ARGUMENT, "file is null", () -> Image.decode(null));
    refused(Status.NOT_FOUND, "no-such-folder", () -> image.save(folder.resolve("no-such-folder/boats.png").toFile()));
  }

  @Test
  void buffered() throws IOException {
    final BufferedImage buffered = BufferedImages.toBufferedImage(image);
    final BufferedImage byImageIo = ImageIO.read(new ByteArrayInputStream(image.encode(FileFormat.PNG)));
    assertEquals(image.width(), buffered.getWidth());
    assertEquals(image.height(), buffered.getHeight());
    for (int y = 0; y < image.height(); ++y) {
      for (int x = 0; x < image.width(); ++x) assertEquals(byImageIo.getRGB(x, y), buffered.getRGB(x, y));
    }
    try (Image back = BufferedImages.toImage(buffered)) {
      assertArrayEquals(image.pixels(), back.pixels());
    }
  }

  @Test
  void transparencyIsOverWhite() {
    final int[] argb = {0xFF102030, 0x00102030, 0x80000000, 0xFFFFFFFF};
    try (Image made = Image.fromArgb(argb, 4, 1)) {
      assertArrayEquals(new byte[] {0x10, 0x20, 0x30, -1, -1, -1, 127, 127, 127, -1, -1, -1}, made.pixels());
      assertEquals("", made.provenance().prompt());
    }
    refused(Status.INVALID_ARGUMENT, "5x1", () -> Image.fromArgb(argb, 5, 1));
    refused(Status.INVALID_ARGUMENT, "0x4", () -> Image.fromArgb(argb, 0, 4));
    refused(Status.INVALID_ARGUMENT, "not 12", () -> Image.fromPixels(new byte[12], 4, 1, PixelFormat.RGBA));
  }
}
