// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static io.mobilediffusion.TestModel.PROMPT;
import static io.mobilediffusion.TestModel.draw;
import static io.mobilediffusion.TestModel.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several threads, and a pipeline that is closed or cancelled meanwhile. */
@Timeout(300)
class ThreadsTest {
  private static final GenerateOptions DEFAULTS = GenerateOptions.builder().build();

  private static ExecutorService threads;
  private static byte[] expected;

  @BeforeAll
  static void begin() {
    threads = Executors.newCachedThreadPool();
    expected = TestModel.drawnBy(TestModel.load());
  }

  @AfterAll
  static void end() throws InterruptedException {
    threads.shutdown();
    assertTrue(threads.awaitTermination(60, TimeUnit.SECONDS));
  }

  private static Status statusOf(Future<?> call) throws InterruptedException {
    final ExecutionException failed = assertThrows(ExecutionException.class, call::get);
    return ((MobileDiffusionException) failed.getCause()).status();
  }

  @Test
  void severalThreadsOnOnePipelineAndOnTwo() throws Exception {
    try (Pipeline one = TestModel.load(); Pipeline other = TestModel.load()) {
      final List<Future<byte[]>> pictures = new ArrayList<>();
      for (int i = 0; i < 8; ++i) {
        final Pipeline pipeline = i % 4 == 0 ? other : one;
        pictures.add(threads.submit(() -> draw(pipeline, 0)));
      }
      for (Future<byte[]> picture : pictures) assertArrayEquals(expected, picture.get());
    }
  }

  @Test
  void cancelFromAnotherThread() throws Exception {
    try (Pipeline pipeline = TestModel.load()) {
      final CountDownLatch begun = new CountDownLatch(1);
      final CountDownLatch cancelled = new CountDownLatch(1);
      final Future<?> picture = threads.submit((Callable<Image>) () -> pipeline.generate(PROMPT, DEFAULTS, (s, d, t) -> {
        begun.countDown();
        return await(cancelled);
      }));
      begun.await();
      pipeline.cancel();
      cancelled.countDown();
      assertEquals(Status.CANCELLED, statusOf(picture));
      assertArrayEquals(expected, draw(pipeline, 0));
    }
  }

  private static boolean await(CountDownLatch latch) {
    try {
      return latch.await(60, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** With a call that draws, two that wait and more that only begin. */
  @Test
  void closeDuringARun() throws Exception {
    for (int round = 0; round < 5; ++round) {
      final Pipeline pipeline = TestModel.load();
      final CountDownLatch begun = new CountDownLatch(1);
      final List<Future<?>> pictures = new ArrayList<>();
      for (int i = 0; i < 6; ++i) {
        pictures.add(threads.submit(() -> {
          while (true) {
            pipeline.generate(PROMPT, DEFAULTS, (stage, done, total) -> {
              begun.countDown();
              return true;
            }).close();
          }
        }));
      }
      begun.await();
      pipeline.close();
      refused(Status.INVALID_STATE, "the pipeline is closed", pipeline::trim);
      pipeline.cancel(); // nothing is there to be cancelled
      for (Future<?> picture : pictures) {
        final Status status = statusOf(picture);
        assertTrue(status == Status.CANCELLED || status == Status.INVALID_STATE, status.toString());
      }
    }
  }

  @Test
  void closeFromAListener() {
    for (Priority priority : Priority.values()) {
      final Pipeline pipeline = Pipeline.load(TestModel.folder(), LoadOptions.builder().priority(priority).build());
      refused(Status.CANCELLED, "cancel", () -> pipeline.generate(PROMPT, DEFAULTS, (stage, done, total) -> {
        pipeline.close();
        return true;
      }));
      refused(Status.INVALID_STATE, "closed", () -> pipeline.generate(PROMPT));
    }
  }

  /** The library's own thread is Java's for the length of a listener's call. */
  @Test
  void whereListenersRun() {
    final AtomicReference<Thread> listening = new AtomicReference<>();
    final ProgressListener listener = (stage, done, total) -> {
      listening.set(Thread.currentThread());
      return true;
    };
    try (Pipeline pipeline = TestModel.load()) {
      pipeline.generate(PROMPT, DEFAULTS, listener).close();
      assertSame(Thread.currentThread(), listening.get());
    }
    final LoadOptions background = LoadOptions.builder().priority(Priority.BACKGROUND).build();
    try (Pipeline pipeline = Pipeline.load(TestModel.folder(), background)) {
      pipeline.generate(PROMPT, DEFAULTS, listener).close();
      assertNotSame(Thread.currentThread(), listening.get());
      assertTrue(listening.get().isDaemon());
    }
  }

  /** Nobody refers to the pipeline but the call; what is forgotten meanwhile is freed. */
  @Test
  void aPipelineThatOnlyItsCallKnows() {
    final AtomicReference<Pipeline> pipeline = new AtomicReference<>(TestModel.load());
    try (Image image = pipeline.getAndSet(null).generate(PROMPT, DEFAULTS, (stage, done, total) -> {
      System.gc();
      Handle.freeDropped();
      return true;
    })) {
      assertArrayEquals(expected, image.pixels());
    }
  }
}
