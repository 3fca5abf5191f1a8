// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion.kotlin

import io.mobilediffusion.GenerateOptions
import io.mobilediffusion.Image
import io.mobilediffusion.LivePicture
import io.mobilediffusion.LiveSession
import io.mobilediffusion.LoadOptions
import io.mobilediffusion.MobileDiffusionException
import io.mobilediffusion.Pipeline
import io.mobilediffusion.ProgressListener
import java.io.File
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineDispatcher
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.onFailure
import kotlinx.coroutines.channels.trySendBlocking
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.channelFlow
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import kotlinx.coroutines.sync.Mutex
import kotlinx.coroutines.sync.withLock
import kotlinx.coroutines.withContext

/**
 * A [pipeline] for coroutines: it draws on the [dispatcher], one picture at a time, and those who wait suspend. Who is
 * cancelled stops the picture, soon and nobody else's. Draw by it alone: a picture that is drawn by the [pipeline] itself
 * may be cancelled in place of another.
 */
class SuspendingPipeline(
    val pipeline: Pipeline,
    private val dispatcher: CoroutineDispatcher = Dispatchers.IO,
) : AutoCloseable {
  private val turn = Mutex()

  /**
   * Draws one picture, the caller's to close. [onProgress] is called on the [dispatcher]'s thread; what it throws cancels
   * the picture and is thrown here.
   *
   * @throws MobileDiffusionException where it fails
   */
  suspend fun generate(
      prompt: String,
      onProgress: (Progress) -> Unit = {},
      options: GenerateOptions.Builder.() -> Unit = {},
  ): Image {
    val choices = GenerateOptions.builder().apply(options).build()
    return turn.withLock { keptUnlessCancelled { kept -> draw(prompt, onProgress, choices, kept) } }
  }

  /** The same as a flow: how far it is, as often as the collector asks, and the picture at the end. */
  fun draw(prompt: String, options: GenerateOptions.Builder.() -> Unit = {}): Flow<Drawing> =
      channelFlow<Drawing> { send(Drawn(generate(prompt, { trySend(it) }, options))) }.buffer(Channel.CONFLATED)

  /**
   * Pictures that follow [prompts] while they are being typed: a picture for each that was not overtaken, in order, the
   * collector's to close. The next is begun when the collector has taken the last. Where [prompts] end, the flow does,
   * after the last one's picture. Others may draw meanwhile; but who is cancelled while it waits for its turn may cancel
   * a picture of this in place of its own, which then comes as a failure.
   *
   *     pipeline.live(textField.texts()) { seed(5) }.collect { it.use { show(it.prompt(), it.image()) } }
   */
  fun live(prompts: Flow<String>, options: GenerateOptions.Builder.() -> Unit = {}): Flow<LivePicture> =
      channelFlow {
            val choices = GenerateOptions.builder().apply(options).build()
            val session =
                LiveSession.start(pipeline, choices) { picture ->
                  trySendBlocking(picture).onFailure { picture.close() } // nobody collects any more
                }
            try {
              prompts.collect { session.submit(it) }
              withContext(dispatcher) { session.finish() }
            } finally {
              // It waits for the session's thread, which may wait for a collector on this one.
              withContext(NonCancellable + dispatcher) { session.close() }
            }
          }
          .buffer(Channel.RENDEZVOUS)

  /** Gives back all memory that can be had again: for Android's `onTrimMemory`. */
  fun trim() = pipeline.trim()

  /** Cancels what is drawn, waits until it has stopped, and frees all of it. */
  override fun close() = pipeline.close()

  private suspend fun draw(
      prompt: String,
      onProgress: (Progress) -> Unit,
      options: GenerateOptions,
      kept: (Image) -> Image,
  ): Image = coroutineScope {
    val caller = coroutineContext.job // knows that it is cancelled before those that it has launched do
    // The listener is asked between operators alone, and cancel() stops in the middle of one.
    val watcher =
        launch(Dispatchers.Unconfined, CoroutineStart.UNDISPATCHED) {
          try {
            awaitCancellation()
          } finally {
            if (!caller.isActive) pipeline.cancel()
          }
        }
    val listener = ProgressListener { stage, done, total ->
      onProgress(Progress(stage, done, total))
      caller.isActive
    }
    try {
      withContext(dispatcher) { kept(pipeline.generate(prompt, options, listener)) }
    } catch (e: MobileDiffusionException) {
      caller.ensureActive() // who was cancelled is told so
      throw e
    } finally {
      watcher.cancel()
    }
  }

  companion object {
    /** Loads a model folder or a packed model; null: the default model. */
    suspend fun load(
        model: File? = null,
        dispatcher: CoroutineDispatcher = Dispatchers.IO,
        options: LoadOptions.Builder.() -> Unit = {},
    ): SuspendingPipeline {
      val choices = LoadOptions.builder().apply(options).build()
      return loadBy(dispatcher) { Pipeline.load(model, choices) }
    }

    /** Loads in any way that [Pipeline] has: `loadBy { Pipeline.load(bytes) }`. */
    suspend fun loadBy(
        dispatcher: CoroutineDispatcher = Dispatchers.IO,
        loader: () -> Pipeline,
    ): SuspendingPipeline =
        SuspendingPipeline(keptUnlessCancelled { kept -> withContext(dispatcher) { kept(loader()) } }, dispatcher)
  }
}

/** What was made when its maker was cancelled is nobody's: it is closed. */
private suspend fun <T : AutoCloseable> keptUnlessCancelled(make: suspend (kept: (T) -> T) -> T): T {
  var made: T? = null
  try {
    return make { it.also { made = it } }
  } catch (e: CancellationException) {
    made?.close()
    throw e
  }
}
