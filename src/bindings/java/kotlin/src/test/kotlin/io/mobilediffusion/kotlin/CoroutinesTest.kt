// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion.kotlin

import io.mobilediffusion.Image
import io.mobilediffusion.Stage
import io.mobilediffusion.TestModel
import io.mobilediffusion.TestModel.PROMPT
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.joinAll
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeoutOrNull
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.fail

/** What coroutines have and threads have not: who is cancelled, and who waits. */
@Timeout(300)
class CoroutinesTest {
  companion object {
    private lateinit var pipeline: SuspendingPipeline
    private lateinit var expected: ByteArray

    @JvmStatic
    @BeforeAll
    fun load() = runBlocking {
      pipeline = SuspendingPipeline.load(TestModel.folder())
      expected = pipeline.generate(PROMPT).use(Image::pixels)
    }

    @JvmStatic
    @AfterAll
    fun close() = pipeline.close()
  }

  @Test
  fun whoIsCancelledStopsItsOwnPicture() = runBlocking {
    val drawing = CompletableDeferred<Unit>()
    val cancelled = CountDownLatch(1)
    val calls = AtomicInteger()
    val first = launch(Dispatchers.Default) {
      pipeline.generate(PROMPT, onProgress = {
        calls.incrementAndGet()
        drawing.complete(Unit)
        assertTrue(cancelled.await(60, TimeUnit.SECONDS))
      })
    }
    drawing.await()
    val waiting = launch(Dispatchers.Default) { pipeline.generate(PROMPT).close() }
    val second = async(Dispatchers.Default) { pipeline.generate(PROMPT).use(Image::pixels) }
    waiting.cancel() // it has no turn yet: nobody's picture is stopped
    waiting.join()
    first.cancel()
    cancelled.countDown()
    first.join()
    assertTrue(first.isCancelled)
    assertEquals(1, calls.get())
    assertArrayEquals(expected, second.await())
  }

  @Test
  fun aTimeout() = runBlocking {
    assertNull(withTimeoutOrNull(5) { pipeline.generate(PROMPT) { steps(200) } })
    assertArrayEquals(expected, pipeline.generate(PROMPT).use(Image::pixels))
  }

  @Test
  fun manyAtOnce() = runBlocking {
    val pictures = List(6) { async(Dispatchers.Default) { pipeline.generate(PROMPT).use(Image::pixels) } }.awaitAll()
    pictures.forEach { assertArrayEquals(expected, it) }
    List(20) { launch(Dispatchers.Default) { pipeline.generate(PROMPT).close() } }.onEach { it.cancel() }.joinAll()
    assertArrayEquals(expected, pipeline.generate(PROMPT).use(Image::pixels))
  }

  @Test
  fun aFlowThatNobodyFollowsToItsEnd() = runBlocking {
    repeat(50) {
      when (val first = pipeline.draw(PROMPT).first()) {
        is Progress -> assertTrue(first.done <= first.total)
        is Drawn -> first.image.close()
      }
    }
    assertArrayEquals(expected, pipeline.generate(PROMPT).use(Image::pixels))
  }

  @Test
  fun whatAListenerThrowsIsThrown() = runBlocking {
    class Mine : Exception()
    try {
      pipeline.generate(PROMPT, onProgress = { if (it.stage == Stage.UNET) throw Mine() })
      fail("not thrown")
    } catch (_: Mine) {
      assertArrayEquals(expected, pipeline.generate(PROMPT).use(Image::pixels))
    }
  }
}
