// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion.draw

import android.app.Activity
import android.app.Instrumentation
import android.os.Bundle
import io.mobilediffusion.GenerateOptions
import io.mobilediffusion.LoadOptions
import io.mobilediffusion.MobileDiffusionException
import io.mobilediffusion.ProgressListener
import io.mobilediffusion.Stage
import io.mobilediffusion.Status
import io.mobilediffusion.android.Assets
import io.mobilediffusion.android.Bitmaps

/**
 * Draws on a device or an emulator from the model in the app's package: `adb shell am instrument -w
 * io.mobilediffusion.draw.test/io.mobilediffusion.draw.DrawInstrumentation` ends with the code -1 where all is well.
 */
class DrawInstrumentation : Instrumentation() {
  override fun onCreate(arguments: Bundle?) {
    super.onCreate(arguments)
    start()
  }

  override fun onStart() {
    super.onStart()
    val results = Bundle()
    var code = Activity.RESULT_CANCELED
    try {
      results.putString("drawn", draw())
      code = Activity.RESULT_OK
    } catch (e: Throwable) {
      results.putString("failed", e.stackTraceToString())
    }
    finish(code, results)
  }

  private fun draw(): String =
      Assets.load(targetContext.assets, "scenes.mdiff", LoadOptions.builder().build()).use { pipeline ->
        val options = GenerateOptions.builder().seed(5).build()
        val stages = LinkedHashSet<Stage>()
        val first =
            pipeline.generate("two red boats at sunset", options) { stage, _, _ ->
              stages.add(stage)
              true
            }
        check(stages.toList() == listOf(Stage.TEXT, Stage.UNET, Stage.DECODER)) { "stages: $stages" }

        try {
          pipeline.generate("a blue boat", options, ProgressListener { stage, _, _ -> stage != Stage.UNET })
          error("drawn to the end, though cancelled")
        } catch (e: MobileDiffusionException) {
          check(e.status() == Status.CANCELLED) { "expected CANCELLED, found ${e.status()}: ${e.message}" }
        }

        pipeline.trim()
        val second = pipeline.generate("two red boats at sunset", options)
        check(first.argb().contentEquals(second.argb())) { "the same seed drew another picture" }
        val bitmap = Bitmaps.toBitmap(second)
        check(bitmap.width == pipeline.defaultWidth() && bitmap.height == pipeline.defaultHeight()) {
          "expected ${pipeline.defaultWidth()}x${pipeline.defaultHeight()}, found ${bitmap.width}x${bitmap.height}"
        }
        check(second.argb().toSet().size > 100) { "a picture of ${second.argb().toSet().size} colours" }
        "${bitmap.width}x${bitmap.height} in ${second.totalSeconds()} seconds".also {
          first.close()
          second.close()
        }
      }
}
