// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** Why something could not be done: the message names the thing, what was expected and what was found. */
public class MobileDiffusionException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final Status status;

  MobileDiffusionException(Status status, String message) {
    super(message);
    this.status = status;
  }

  /** Of what C answered. */
  static MobileDiffusionException of(int code, byte[] message) {
    final Status status = Status.of(code);
    final String text = Arguments.string(message);
    return status == Status.REFUSED ? new RefusedException(text) : new MobileDiffusionException(status, text);
  }

  public final Status status() {
    return status;
  }
}
