// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion.android;

import android.content.res.AssetFileDescriptor;
import android.content.res.AssetManager;
import io.mobilediffusion.LoadOptions;
import io.mobilediffusion.Pipeline;
import java.io.IOException;

/** Models inside an app's package. */
public final class Assets {
  private Assets() {}

  /**
   * A packed model among the assets. It is mapped where it lies in the package, so it must be kept uncompressed there, as
   * {@code androidResources { noCompress += "mdiff" }} in the app's build.gradle.kts says.
   *
   * @throws IOException if there is no such asset, or it is compressed
   */
  public static Pipeline load(AssetManager assets, String name, LoadOptions options) throws IOException {
    try (AssetFileDescriptor file = assets.openFd(name)) {
      return Pipeline.load(file.getParcelFileDescriptor().getFd(), file.getStartOffset(), file.getLength(), options);
    }
  }
}
