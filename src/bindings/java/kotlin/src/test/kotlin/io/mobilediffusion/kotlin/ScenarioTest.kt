// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion.kotlin

import io.mobilediffusion.Image
import io.mobilediffusion.MobileDiffusionException
import io.mobilediffusion.Pipeline
import io.mobilediffusion.Stage
import io.mobilediffusion.Status
import io.mobilediffusion.TestModel
import io.mobilediffusion.TestModel.PROMPT
import java.io.File
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.fail

/** The scenario that every language's tests tell, under these names. */
class ScenarioTest {
  companion object {
    private lateinit var pipeline: SuspendingPipeline
    private lateinit var expected: ByteArray

    @JvmStatic
    @BeforeAll
    fun load() = runBlocking {
      pipeline = SuspendingPipeline.load(TestModel.folder()) { threads(2) }
      expected = pipeline.generate(PROMPT).use(Image::pixels)
    }

    @JvmStatic
    @AfterAll
    fun close() = pipeline.close()
  }

  private suspend fun refused(status: Status, saying: String, call: suspend () -> Unit) {
    try {
      call()
    } catch (e: MobileDiffusionException) {
      assertEquals(status, e.status(), e.message)
      assertTrue(saying in e.message!!, e.message)
      return
    }
    fail("not refused: $saying")
  }

  @Test
  fun loadsFromBytes() = runBlocking {
    val bytes = TestModel.packedBytes()
    SuspendingPipeline.loadBy { Pipeline.load(bytes) }.use {
      assertArrayEquals(expected, it.generate(PROMPT).use(Image::pixels))
    }
  }

  @Test
  fun loadsFromAPackedFile() = runBlocking {
    SuspendingPipeline.load(TestModel.packed()).use {
      assertArrayEquals(expected, it.generate(PROMPT).use(Image::pixels))
    }
  }

  @Test
  fun drawsWithProgress() = runBlocking {
    val told = mutableListOf<Progress>()
    pipeline.generate(PROMPT, onProgress = { told += it }).use { assertArrayEquals(expected, it.pixels()) }
    val all = listOf(Stage.TEXT, Stage.UNET, Stage.DECODER)
    assertEquals(all, told.map { it.stage }.distinct())
    assertEquals(all, told.filter { it.done == it.total }.map { it.stage })

    val flowed = pipeline.draw(PROMPT).toList()
    assertTrue(flowed.dropLast(1).all { it is Progress })
    (flowed.last() as Drawn).image.use { assertArrayEquals(expected, it.pixels()) }
  }

  @Test
  fun cancelsHalfWay() = runBlocking {
    refused(Status.CANCELLED, "cancel") {
      pipeline.generate(PROMPT, onProgress = { if (it.stage == Stage.UNET) pipeline.pipeline.cancel() })
    }
  }

  @Test
  fun refusesWhatCannotBe() = runBlocking {
    refused(Status.INVALID_ARGUMENT, "13") {
      pipeline.generate(PROMPT) { size(13, pipeline.pipeline.defaultHeight()) }
    }
    refused(Status.INVALID_ARGUMENT, "steps") { pipeline.generate(PROMPT) { steps(-1) } }
    refused(Status.NOT_FOUND, "no-such-model") { SuspendingPipeline.load(File("no-such-model")) }
    val broken = TestModel.packedBytes().copyOf(100_000)
    refused(Status.INVALID_MODEL, "") { SuspendingPipeline.loadBy { Pipeline.load(broken) } }
  }

  @Test
  fun drawsAgain() = runBlocking {
    assertArrayEquals(expected, pipeline.generate(PROMPT).use(Image::pixels))
    assertFalse(expected.contentEquals(pipeline.generate(PROMPT) { seed(1) }.use(Image::pixels)))
    pipeline.trim()
    assertArrayEquals(expected, pipeline.generate(PROMPT).use(Image::pixels))
  }

  @Test
  fun letsGo() = runBlocking {
    val other = SuspendingPipeline.load(TestModel.folder())
    val image = other.generate(PROMPT)
    other.close()
    other.close()
    refused(Status.INVALID_STATE, "the pipeline is closed") { other.generate(PROMPT) }
    assertArrayEquals(expected, image.pixels())
    image.close()
    refused(Status.INVALID_STATE, "the image is closed") { image.pixels() }
  }
}
