// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** What kind of thing went wrong. */
public enum Status {
  /** An option or an argument is out of its range: the caller's to fix. */
  INVALID_ARGUMENT(1),
  /** A file or a folder is missing. */
  NOT_FOUND(2),
  /** A model's file is damaged, lies, or does not fit the others. */
  INVALID_MODEL(3),
  /** Asks for something that this version or this machine cannot do. */
  UNSUPPORTED(4),
  OUT_OF_MEMORY(5),
  /** Reading or writing failed: permissions, a full disk. */
  IO_ERROR(6),
  /** {@link Pipeline#cancel} or {@link Pipeline#close} was called, or a listener asked for it. */
  CANCELLED(7),
  /** A NaN or an infinity came up; the message names the stage. */
  NON_FINITE(8),
  /** A defect of the library: please report it. */
  INTERNAL(9),
  /** What was called is closed. */
  INVALID_STATE(10),
  /** A filter of {@link LoadOptions} refused the prompt or the picture: {@link RefusedException}. */
  REFUSED(11);

  private final int code;

  Status(int code) {
    this.code = code;
  }

  static Status of(int code) {
    for (Status status : values()) if (status.code == code) return status;
    return INTERNAL;
  }
}
