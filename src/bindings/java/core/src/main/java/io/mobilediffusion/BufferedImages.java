// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.awt.image.BufferedImage;

/** Pictures for Swing and ImageIO; not for Android, which has none of java.awt. */
public final class BufferedImages {
  private BufferedImages() {}

  public static BufferedImage toBufferedImage(Image image) {
    final BufferedImage buffered = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
    buffered.setRGB(0, 0, image.width(), image.height(), image.argb(), 0, image.width());
    return buffered;
  }

  /** Over white where it is transparent. */
  public static Image toImage(BufferedImage buffered) {
    final int width = buffered.getWidth();
    final int height = buffered.getHeight();
    return Image.fromArgb(buffered.getRGB(0, 0, width, height, null, 0, width), width, height);
  }
}
