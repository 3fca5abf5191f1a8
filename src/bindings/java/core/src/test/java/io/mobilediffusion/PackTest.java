// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static io.mobilediffusion.TestModel.refused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model to one file. */
class PackTest {
  @TempDir
  Path folder;

  private File file(String name) {
    return folder.resolve(name).toFile();
  }

  @Test
  void everyOption() throws IOException {
    final File small = file("small.mdiff");
    MobileDiffusion.pack(TestModel.folder(), small, PackOptions.builder().weights(StoredWeights.INT8).build());
    assertTrue(small.length() < TestModel.packed().length());
    final LoadOptions int8 = LoadOptions.builder().precision(Precision.INT8).build();
    TestModel.drawnBy(Pipeline.load(small, int8));

    final File lora = file("lora.safetensors");
    TestModel.writeLora(lora);
    MobileDiffusion.pack(TestModel.folder(), file("lora.mdiff"), PackOptions.builder().loras(new Lora(lora, 1)).build());
    final byte[] plain = TestModel.drawnBy(TestModel.load());
    assertFalse(Arrays.equals(plain, TestModel.drawnBy(Pipeline.load(file("lora.mdiff")))));
  }

  @Test
  void whatCannotBe() {
    final PackOptions defaults = PackOptions.builder().build();
    refused(Status.NOT_FOUND, "no-such", () -> MobileDiffusion.pack(new File("no-such"), file("a"), defaults));
    refused(Status.INVALID_ARGUMENT, "model is null", () -> MobileDiffusion.pack(null, file("a")));
    refused(Status.INVALID_ARGUMENT, "file is null", () -> MobileDiffusion.pack(TestModel.folder(), null));
    refused(Status.NOT_FOUND, "no-such-vae", () -> MobileDiffusion.pack(TestModel.folder(), file("a"),
        PackOptions.builder().vae(new File("no-such-vae")).build()));
    refused(Status.NOT_FOUND, "no-such-program", () -> MobileDiffusion.pack(TestModel.folder(), file("a"),
        PackOptions.builder().program(new File("no-such-program")).build()));
    assertEquals(0, folder.toFile().list().length);
  }

  @Test
  void cancelled() {
    refused(Status.CANCELLED, "", () -> MobileDiffusion.pack(TestModel.folder(), file("a"),
        PackOptions.builder().cancellation(() -> true).build()));
    final RuntimeException thrown = new RuntimeException("by the one who was asked");
    assertSame(thrown, assertThrows(RuntimeException.class, () -> MobileDiffusion.pack(TestModel.folder(), file("a"),
        PackOptions.builder().cancellation(() -> {
          throw thrown;
        }).build())));
    assertEquals(0, folder.toFile().list().length);
  }
}
