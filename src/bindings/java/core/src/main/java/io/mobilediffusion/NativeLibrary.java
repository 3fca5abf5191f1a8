// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Locale;

/**
 * Finds the library that is written in C: the file that the property io.mobilediffusion.library names; else, on Android,
 * the app's; else the one in the jar; else one on java.library.path.
 */
final class NativeLibrary {
  private static final String NAME = "mobilediffusion_jni";
  private static final String PROPERTY = "io.mobilediffusion.library";

  private NativeLibrary() {}

  static void load() {
    final String file = System.getProperty(PROPERTY);
    if (file != null) {
      System.load(new File(file).getAbsolutePath());
    } else if ("Dalvik".equals(System.getProperty("java.vm.name"))) { // Android's, ART too
      System.loadLibrary(NAME);
    } else {
      loadForDesktop();
    }
  }

  private static void loadForDesktop() {
    final String platform = platform(System.getProperty("os.name"), System.getProperty("os.arch"));
    final String resource = "native/" + platform + "/" + System.mapLibraryName(NAME);
    try (InputStream packed = NativeLibrary.class.getResourceAsStream(resource)) {
      if (packed != null) {
        loadUnpacked(packed);
        return;
      }
    } catch (IOException e) {
      throw failed("cannot unpack " + resource + ": " + e.getMessage(), e);
    }
    try {
      System.loadLibrary(NAME);
    } catch (UnsatisfiedLinkError e) {
      throw failed("the jar has no library for " + platform + ", and java.library.path has none: build it with CMake's"
          + " MOBILEDIFFUSION_BUILD_JNI, and name it with -D" + PROPERTY + "=FILE (" + e.getMessage() + ")", e);
    }
  }

  /** A folder of the jar: "linux-x86_64". */
  static String platform(String os, String processor) {
    final String system = os.toLowerCase(Locale.ROOT);
    final String name = system.startsWith("mac") ? "macos" : system.startsWith("windows") ? "windows" : system;
    return name + "-" + ("amd64".equals(processor) ? "x86_64" : processor);
  }

  /** The file is gone as soon as it is loaded, where the system lets it go (Windows does not; there it stays). */
  private static void loadUnpacked(InputStream packed) throws IOException {
    final File file = File.createTempFile(NAME, System.mapLibraryName(""));
    try {
      try (OutputStream out = new FileOutputStream(file)) {
        final byte[] piece = new byte[1 << 16];
        for (int read = packed.read(piece); read >= 0; read = packed.read(piece)) out.write(piece, 0, read);
      }
      System.load(file.getAbsolutePath());
    } catch (UnsatisfiedLinkError e) {
      throw failed(e.getMessage() + " (unpacked from the jar; -Djava.io.tmpdir=FOLDER names another folder for that, -D"
          + PROPERTY + "=FILE a library)", e);
    } finally {
      if (!file.delete()) file.deleteOnExit();
    }
  }

  private static UnsatisfiedLinkError failed(String message, Throwable cause) {
    final UnsatisfiedLinkError error = new UnsatisfiedLinkError(message);
    error.initCause(cause);
    return error;
  }
}
