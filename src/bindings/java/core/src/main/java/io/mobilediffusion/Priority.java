// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** How the work of a pipeline stands to other work on the machine. */
public enum Priority {
  NORMAL(0),
  /** Gives way, and may take much longer. Listeners are then called on a thread of the library's own. */
  BACKGROUND(1);

  final int code;

  Priority(int code) {
    this.code = code;
  }
}
