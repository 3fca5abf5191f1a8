// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion.android;

import android.graphics.Bitmap;
import io.mobilediffusion.Image;

/** Pictures for Android's views. */
public final class Bitmaps {
  private Bitmaps() {}

  public static Bitmap toBitmap(Image image) {
    return Bitmap.createBitmap(image.argb(), image.width(), image.height(), Bitmap.Config.ARGB_8888);
  }

  /** Over white where it is transparent. */
  public static Image toImage(Bitmap bitmap) {
    final int width = bitmap.getWidth();
    final int height = bitmap.getHeight();
    final int[] argb = new int[width * height];
    bitmap.getPixels(argb, 0, width, 0, 0, width, height);
    return Image.fromArgb(argb, width, height);
  }
}
