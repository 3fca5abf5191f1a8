// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion.kotlin

import io.mobilediffusion.Image
import io.mobilediffusion.RefusedException
import io.mobilediffusion.Status
import io.mobilediffusion.TestModel
import io.mobilediffusion.TestModel.PROMPT
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.consumeAsFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.flow.flowOf
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeAll
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout

/** A flow of prompts to one of pictures. */
@Timeout(300)
class LiveTest {
  companion object {
    private lateinit var pipeline: SuspendingPipeline

    @JvmStatic
    @BeforeAll
    fun load() = runBlocking {
      pipeline = SuspendingPipeline.load(TestModel.folder()) { refusedWords("gun") }
    }

    @JvmStatic
    @AfterAll
    fun close() = pipeline.close()
  }

  /** One after another: each prompt when the picture of the last has come. */
  private suspend fun drawn(vararg prompts: String): List<String> {
    val typed = Channel<String>()
    val pictures = mutableListOf<String>()
    val next = Channel<Unit>(Channel.UNLIMITED)
    coroutineScope {
      launch {
        pipeline.live(typed.consumeAsFlow()).collect { picture ->
          picture.use { pictures += it.prompt() }
          next.send(Unit)
        }
      }
      for (prompt in prompts) {
        typed.send(prompt)
        next.receive()
      }
      typed.close()
    }
    return pictures
  }

  @Test
  fun drawsWhatGenerateDraws() = runBlocking {
    val pictures = pipeline.live(flowOf(PROMPT)) { seed(5) }.toList()
    assertEquals(1, pictures.size)
    pictures.single().use { picture ->
      assertEquals(PROMPT, picture.prompt())
      assertEquals(5, picture.seed())
      assertTrue(picture.seconds() > 0)
      assertArrayEquals(pipeline.generate(PROMPT) { seed(5) }.use(Image::pixels), picture.image().pixels())
    }
  }

  @Test
  fun picturesComeInOrderAndTheLastAlways() = runBlocking {
    assertEquals(listOf("a", "a boat", "a"), drawn("a", "a boat", "a"))
    val prompts = (1..40).map { "boat $it" }
    val pictures = pipeline.live(flow { prompts.forEach { emit(it) } }).toList()
    val numbers = pictures.map { prompts.indexOf(it.prompt()) }
    pictures.forEach { it.close() }
    assertEquals(numbers.sorted(), numbers)
    assertEquals(39, numbers.last())
    assertTrue(numbers.size < 40, "nobody was overtaken: $numbers")
  }

  @Test
  fun anUnchangedPromptDrawsNothing() = runBlocking {
    val pictures = pipeline.live(flow { repeat(3) { emit("a boat") } }).toList()
    assertEquals(1, pictures.size)
    pictures.forEach { it.close() }
  }

  @Test
  fun aRefusedPromptIsTold() = runBlocking {
    val pictures = pipeline.live(flowOf("a gun")).toList()
    assertEquals(Status.REFUSED, pictures.single().failure().status())
    assertThrows(RefusedException::class.java) { pictures.single().image() }
    assertEquals(1, pipeline.live(flowOf("a gunboat")).toList().onEach { it.close() }.size)
  }

  @Test
  fun whoStopsCollectingEndsIt() = runBlocking {
    val endless: Flow<String> = flow {
      emit("a boat")
      awaitCancellation()
    }
    repeat(5) { pipeline.live(endless).first().close() }
    val begun = CompletableDeferred<Unit>()
    val job = launch(Dispatchers.Default) {
      pipeline.live(endless).collect {
        it.close()
        begun.complete(Unit)
      }
    }
    begun.await()
    job.cancel()
    job.join()
    pipeline.generate(PROMPT).close()
  }

  @Test
  fun whatThePromptsThrowIsThrown() = runBlocking {
    class Mine : Exception()
    val thrown = runCatching {
      pipeline.live(flow { emit("a boat"); throw Mine() }).collect { it.close() }
    }
    assertTrue(thrown.exceptionOrNull() is Mine, thrown.toString())
  }
}
