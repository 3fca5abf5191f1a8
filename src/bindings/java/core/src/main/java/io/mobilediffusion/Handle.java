// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
package io.mobilediffusion;

import java.lang.ref.PhantomReference;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.util.HashSet;
import java.util.Set;

/**
 * A pointer of the library's, which is freed once, when it is closed and the last call on it has left. It is a phantom of
 * its owner: one that nobody closed is freed when the next is made (there is no Cleaner before Android 13, and a finalizer
 * may run beside a call).
 */
final class Handle extends PhantomReference<Object> {
  /** What a kind of pointer needs done to it. */
  interface Kind {
    void free(long pointer);

    /** Makes calls return soon. */
    void cancel(long pointer);
  }

  private static final ReferenceQueue<Object> dropped = new ReferenceQueue<>();
  private static final Set<Handle> open = new HashSet<>();
  private static final ThreadLocal<Handle> listening = new ThreadLocal<>();

  private final String name;
  private final Kind kind;
  private long pointer;
  private int calls;
  private boolean closed;

  Handle(Object owner, String name, long pointer, Kind kind) {
    super(owner, dropped);
    this.name = name;
    this.pointer = pointer;
    this.kind = kind;
    synchronized (open) {
      open.add(this);
    }
  }

  /** Frees what was dropped without being closed. */
  static void freeDropped() {
    for (Reference<?> reference = dropped.poll(); reference != null; reference = dropped.poll()) {
      ((Handle) reference).close();
    }
  }

  /** How many are not closed. */
  static int countOpen() {
    synchronized (open) {
      return open.size();
    }
  }

  /** Begins a call, which leave() ends: until then the pointer stays. */
  synchronized long enter() {
    if (closed) throw new MobileDiffusionException(Status.INVALID_STATE, "the " + name + " is closed");
    ++calls;
    return pointer;
  }

  synchronized void leave() {
    --calls;
    freeIfIdle();
  }

  synchronized boolean isClosed() {
    return closed;
  }

  synchronized void cancel() {
    if (pointer != 0) kind.cancel(pointer);
  }

  /** That this thread is in a listener of a call on it; returns what it was in before, for leaveListener(). */
  Handle enterListener() {
    final Handle before = listening.get();
    listening.set(this);
    return before;
  }

  static void leaveListener(Handle before) {
    if (before == null) {
      listening.remove();
    } else {
      listening.set(before);
    }
  }

  /** Cancels the calls on it and waits until they have left; from a listener of such a call, does not wait. */
  void close() {
    synchronized (open) {
      open.remove(this);
    }
    clear();
    boolean interrupted = false;
    synchronized (this) {
      closed = true;
      freeIfIdle();
      if (pointer != 0) kind.cancel(pointer);
      while (pointer != 0 && listening.get() != this) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) Thread.currentThread().interrupt();
  }

  private void freeIfIdle() {
    if (!closed || calls > 0 || pointer == 0) return;
    kind.free(pointer);
    pointer = 0;
    notifyAll();
  }
}
