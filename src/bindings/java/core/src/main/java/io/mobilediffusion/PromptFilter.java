// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

/** Asked whether a prompt may be drawn, before any work is done for it. */
public interface PromptFilter {
  /**
   * On threads as {@link ProgressListener} says; a {@link LiveSession} asks on its own. The negative prompt is not asked
   * about, since it names what should not be there. What it throws is thrown by the call that it was called in, and nothing
   * is drawn.
   *
   * @return why it must not be drawn, the message of a {@link RefusedException}; null: it may
   */
  String onPrompt(String prompt);
}
