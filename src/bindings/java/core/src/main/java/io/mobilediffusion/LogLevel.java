// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** How much a note matters. */
public enum LogLevel {
  INFO(0),
  WARNING(1);

  final int code;

  LogLevel(int code) {
    this.code = code;
  }

  static LogLevel of(int code) {
    for (LogLevel value : values()) if (value.code == code) return value;
    throw new AssertionError("LogLevel " + code);
  }
}
