// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion.kotlin

import io.mobilediffusion.Image
import io.mobilediffusion.Stage

/** What a flow of a picture brings. */
sealed interface Drawing

/** [done] of [total] parts of the [stage] are done. */
data class Progress(val stage: Stage, val done: Int, val total: Int) : Drawing

/** The picture, which comes last and is the collector's to close. */
class Drawn(val image: Image) : Drawing
