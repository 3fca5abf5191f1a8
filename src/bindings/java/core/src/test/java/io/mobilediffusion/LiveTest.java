// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import static io.mobilediffusion.TestModel.draw;
import static io.mobilediffusion.TestModel.refused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pictures that follow a prompt. */
@Timeout(300)
class LiveTest {
  private static Pipeline pipeline;

  private final List<LivePicture> pictures = Collections.synchronizedList(new ArrayList<>());

  @BeforeAll
  static void load() {
    pipeline = TestModel.load();
  }

  @AfterAll
  static void close() {
    pipeline.close();
  }

  private List<String> prompts() {
    final List<String> prompts = new ArrayList<>();
    synchronized (pictures) {
      for (LivePicture picture : pictures) prompts.add(picture.prompt());
    }
    return prompts;
  }

  @Test
  void drawsWhatGenerateDraws() {
    final GenerateOptions options = GenerateOptions.builder().seed(5).build();
    try (LiveSession session = LiveSession.start(pipeline, options, pictures::add)) {
      session.submit(TestModel.PROMPT);
      session.finish();
      session.submit(TestModel.PROMPT, -1);
      session.finish();
    }
    assertEquals(2, pictures.size());
    for (LivePicture picture : pictures) {
      assertEquals(TestModel.PROMPT, picture.prompt());
      assertTrue(picture.seconds() > 0);
      assertTrue(picture.image().totalSeconds() > 0);
      assertArrayEquals(draw(pipeline, picture.seed()), picture.image().pixels());
      picture.close();
    }
    assertEquals(5, pictures.get(0).seed());
    assertEquals(-1, pictures.get(1).seed());
  }

  @Test
  void anUnchangedPromptDrawsNothing() {
    try (LiveSession session = LiveSession.start(pipeline, pictures::add)) {
      for (String prompt : new String[] {"a", "a", "a boat \uD83D\uDEA4", "a boat \uD83D\uDEA4"}) {
        session.submit(prompt);
        session.finish();
      }
    }
    assertEquals(Arrays.asList("a", "a boat \uD83D\uDEA4"), prompts());
  }

  /** The listener holds the first while the others come; of these, one waits. */
  @Test
  void theNewestPromptWins() throws InterruptedException {
    final CountDownLatch begun = new CountDownLatch(1);
    final CountDownLatch goOn = new CountDownLatch(1);
    try (LiveSession session = LiveSession.start(pipeline, picture -> {
      pictures.add(picture);
      begun.countDown();
      awaitLatch(goOn);
    })) {
      session.submit("one");
      begun.await();
      for (String prompt : new String[] {"two", "three", "four"}) session.submit(prompt);
      goOn.countDown();
      session.finish();
    }
    assertEquals(Arrays.asList("one", "four"), prompts());
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Nothing comes after close(), whenever it is called. */
  @Test
  void closedWhileItDraws() {
    for (int i = 0; i < 30; ++i) {
      final boolean[] closed = {false};
      final LiveSession session = LiveSession.start(pipeline, picture -> {
        assertFalse(closed[0]);
        pictures.add(picture);
      });
      for (int j = 0; j <= i % 3; ++j) session.submit("a boat " + j);
      if (i % 5 == 0) session.finish();
      session.close();
      closed[0] = true;
      session.close();
      refused(Status.INVALID_STATE, "the live session is closed", () -> session.submit("a house"));
      refused(Status.INVALID_STATE, "the live session is closed", session::finish);
    }
    pictures.forEach(LivePicture::close);
  }

  @Test
  void closedByItsListener() throws InterruptedException {
    for (boolean all : new boolean[] {false, true}) {
      final Pipeline own = TestModel.load();
      final AtomicReference<LiveSession> session = new AtomicReference<>();
      final AtomicInteger calls = new AtomicInteger();
      final CountDownLatch closed = new CountDownLatch(1);
      session.set(LiveSession.start(own, picture -> {
        picture.close();
        calls.incrementAndGet();
        if (all) own.close();
        else session.get().close();
        closed.countDown();
      }));
      session.get().submit("a boat");
      closed.await();
      refused(Status.INVALID_STATE, "the live session is closed", () -> session.get().submit("a house"));
      own.close(); // waits for the session
      assertEquals(1, calls.get());
    }
  }

  @Test
  void aPipelineThatIsClosedEndsItsSessions() {
    for (int i = 0; i < 5; ++i) {
      final Pipeline own = TestModel.load();
      final LiveSession one = LiveSession.start(own, LivePicture::close);
      final LiveSession other = LiveSession.start(own, LivePicture::close);
      one.submit("a boat");
      other.submit("a house");
      own.close();
      refused(Status.INVALID_STATE, "the live session is closed", () -> one.submit("a boat"));
      refused(Status.INVALID_STATE, "the live session is closed", () -> other.submit("a boat"));
      refused(Status.INVALID_STATE, "the pipeline is closed", () -> LiveSession.start(own, LivePicture::close));
    }
  }

  @Test
  void whatAListenerThrowsIsThrownByTheNextCall() {
    final RuntimeException thrown = new RuntimeException("by a listener");
    try (LiveSession session = LiveSession.start(pipeline, picture -> {
      picture.close();
      if (picture.prompt().equals("throw")) throw thrown;
    })) {
      session.submit("throw");
      assertSame(thrown, assertThrows(RuntimeException.class, session::finish));
      session.submit("a boat");
      session.finish();
    }
  }

  @Test
  void tellsWhatIsWrongAndGoesOn() {
    final GenerateOptions tooMany = GenerateOptions.builder().steps(1001).build();
    try (LiveSession session = LiveSession.start(pipeline, tooMany, pictures::add)) {
      session.submit("a boat");
      session.finish();
      session.submit("a boat");
      session.finish();
    }
    assertEquals(2, pictures.size());
    assertEquals(Status.INVALID_ARGUMENT, pictures.get(0).failure().status());
    refused(Status.INVALID_ARGUMENT, "steps", () -> pictures.get(1).image());

    refused(Status.INVALID_ARGUMENT, "pipeline is null", () -> LiveSession.start(null, LivePicture::close));
    refused(Status.INVALID_ARGUMENT, "listener is null", () -> LiveSession.start(pipeline, null));
    final GenerateOptions output = GenerateOptions.builder().output(ByteBuffer.allocateDirect(1 << 20)).build();
    refused(Status.INVALID_ARGUMENT, "output must be null", () -> LiveSession.start(pipeline, output, LivePicture::close));
    try (LiveSession session = LiveSession.start(pipeline, picture -> {})) {
      refused(Status.INVALID_ARGUMENT, "prompt is null", () -> session.submit(null));
      refused(Status.INVALID_ARGUMENT, "prompt has a NUL", () -> session.submit("a\0"));
    }
  }

  /** finish() there would wait for itself. */
  @Test
  void submitsFromItsListener() {
    final AtomicReference<LiveSession> session = new AtomicReference<>();
    session.set(LiveSession.start(pipeline, picture -> {
      pictures.add(picture);
      refused(Status.INVALID_STATE, "finish()", session.get()::finish);
      if (pictures.size() < 3) session.get().submit("boat " + pictures.size());
    }));
    session.get().submit("boat 0");
    session.get().finish();
    session.get().close();
    assertEquals(Arrays.asList("boat 0", "boat 1", "boat 2"), prompts());
  }

  @Test
  void whatIsForgottenIsFreed() throws InterruptedException {
    final int open = Handle.countOpen();
    for (int i = 0; i < 5; ++i) LiveSession.start(TestModel.load(), LivePicture::close).submit("a boat");
    for (int i = 0; i < 200 && Handle.countOpen() > open; ++i) {
      System.gc();
      Thread.sleep(20);
      Handle.freeDropped();
    }
    assertTrue(Handle.countOpen() <= open, Handle.countOpen() + " are open, and were " + open);
  }
}
