// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion.draw

import android.app.Activity
import android.os.Bundle
import android.text.InputType
import android.view.View
import android.widget.Button
import android.widget.EditText
import android.widget.ImageView
import android.widget.LinearLayout
import android.widget.ProgressBar
import android.widget.TextView
import io.mobilediffusion.LoadOptions
import io.mobilediffusion.MobileDiffusionException
import io.mobilediffusion.android.Assets
import io.mobilediffusion.android.Bitmaps
import io.mobilediffusion.kotlin.Drawing
import io.mobilediffusion.kotlin.Drawn
import io.mobilediffusion.kotlin.Progress
import io.mobilediffusion.kotlin.SuspendingPipeline
import java.io.IOException
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch

/** Words in, a picture out: what is drawn can be watched and cancelled, and the screen never waits. */
class DrawActivity : Activity() {
  private val scope = MainScope()
  private lateinit var pipeline: Deferred<SuspendingPipeline>
  private var drawing: Job? = null

  private lateinit var prompt: EditText
  private lateinit var button: Button
  private lateinit var bar: ProgressBar
  private lateinit var words: TextView
  private lateinit var picture: ImageView

  override fun onCreate(saved: Bundle?) {
    super.onCreate(saved)
    showScreen()
    pipeline = scope.async {
      SuspendingPipeline.loadBy { Assets.load(assets, "scenes.mdiff", LoadOptions.builder().build()) }
    }
    button.setOnClickListener { drawing?.cancel() ?: draw() }
  }

  private fun draw() {
    drawing = scope.launch {
      button.text = "Cancel"
      words.text = ""
      try {
        pipeline.await().draw(prompt.text.toString()).collect(::show)
      } catch (e: MobileDiffusionException) {
        words.text = e.message
      } catch (e: IOException) { // no such asset, or a compressed one
        words.text = e.message
      } finally {
        bar.progress = 0
        button.text = "Draw"
        drawing = null
      }
    }
  }

  private fun show(event: Drawing) {
    when (event) {
      is Progress -> {
        bar.max = event.total
        bar.progress = event.done
      }
      is Drawn ->
          event.image.use {
            picture.setImageBitmap(Bitmaps.toBitmap(it))
            words.text = "${it.width()}x${it.height()} in %.2f seconds".format(it.totalSeconds())
          }
    }
  }

  /** Memory is short, or the app is out of sight: all goes that can be had again. */
  @OptIn(ExperimentalCoroutinesApi::class)
  override fun onTrimMemory(level: Int) {
    super.onTrimMemory(level)
    if (pipeline.isCompleted && pipeline.getCompletionExceptionOrNull() == null) pipeline.getCompleted().trim()
  }

  @OptIn(ExperimentalCoroutinesApi::class)
  override fun onDestroy() {
    scope.cancel() // what is loaded by now is nobody else's to close
    pipeline.invokeOnCompletion { if (it == null) pipeline.getCompleted().close() }
    super.onDestroy()
  }

  private fun showScreen() {
    prompt = EditText(this).apply {
      setText("two red boats at sunset")
      inputType = InputType.TYPE_CLASS_TEXT
    }
    button = Button(this).apply { text = "Draw" }
    bar = ProgressBar(this, null, android.R.attr.progressBarStyleHorizontal)
    words = TextView(this)
    picture = ImageView(this).apply { contentDescription = "What was drawn" }
    val screen = LinearLayout(this).apply {
      orientation = LinearLayout.VERTICAL
      fitsSystemWindows = true
      for (view in listOf<View>(prompt, button, bar, words)) addView(view, MATCH, WRAP)
      addView(picture, LinearLayout.LayoutParams(MATCH, 0, 1f))
    }
    setContentView(screen)
  }

  private companion object {
    const val MATCH = LinearLayout.LayoutParams.MATCH_PARENT
    const val WRAP = LinearLayout.LayoutParams.WRAP_CONTENT
  }
}
