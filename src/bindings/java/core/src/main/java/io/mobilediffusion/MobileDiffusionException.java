// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** Why something could not be done: the message names the thing, what was expected and what was found. */
public final class MobileDiffusionException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Status status;

  MobileDiffusionException(Status status, String message) {
    super(message);
    this.status = status;
  }

  public Status status() {
    return status;
  }
}
