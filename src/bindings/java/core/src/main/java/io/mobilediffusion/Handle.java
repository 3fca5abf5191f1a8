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
 * may run beside a call). One of another's, a pipeline's session, say, is a call on that until it is freed, and closed first.
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
  private final Handle parent; // null: none
  private final Set<Handle> children = new HashSet<>();
  private long pointer; // 0: it is freed, or being freed
  private int calls;
  private boolean closed;
  private boolean freed;

  Handle(Object owner, String name, long pointer, Kind kind) {
    this(owner, name, pointer, kind, null);
  }

  /** The parent was entered, and is left when this is freed. */
  Handle(Object owner, String name, long pointer, Kind kind, Handle parent) {
    super(owner, dropped);
    this.parent = parent;
    this.name = name;
    this.pointer = pointer;
    this.kind = kind;
    synchronized (open) {
      open.add(this);
    }
    if (parent == null) return;
    synchronized (parent) {
      parent.children.add(this);
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

  /** The same; false where it is closed. */
  synchronized boolean tryEnter() {
    if (closed) return false;
    ++calls;
    return true;
  }

  void leave() {
    synchronized (this) {
      --calls;
    }
    freeIfIdle();
  }

  /** The same, on a thread that ends when this is freed. */
  void leaveFromOwnThread() {
    final boolean frees;
    synchronized (this) {
      --calls;
      frees = closed && calls == 0;
    }
    if (frees) freeElsewhere();
  }

  private void freeElsewhere() {
    new Thread(this::freeIfIdle, "mobilediffusion").start();
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

  /** Whether this thread is in a listener of a call on it, or on a child of it. */
  boolean isListening() {
    for (Handle handle = listening.get(); handle != null; handle = handle.parent) if (handle == this) return true;
    return false;
  }

  /** Cancels the calls on it and waits until they have left; from a listener of such a call, does not wait. */
  void close() {
    synchronized (open) {
      open.remove(this);
    }
    clear();
    final Handle[] first;
    synchronized (this) {
      closed = true; // so that there are no more
      first = children.toArray(new Handle[0]);
    }
    for (Handle child : first) child.close();
    if (parent != null && parent.isListening()) { // maybe on this one's own thread, which cannot wait for itself
      freeElsewhere();
      return;
    }
    freeIfIdle();
    boolean interrupted = false;
    synchronized (this) {
      if (pointer != 0) kind.cancel(pointer);
      while (!freed && !isListening()) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) Thread.currentThread().interrupt();
  }

  /** Not under this lock: to free a session is to wait for its listener, which may be about to enter. */
  private void freeIfIdle() {
    final long last;
    synchronized (this) {
      if (!closed || calls > 0 || pointer == 0) return;
      last = pointer;
      pointer = 0;
    }
    kind.free(last);
    synchronized (this) {
      freed = true;
      notifyAll();
    }
    if (parent == null) return;
    synchronized (parent) {
      parent.children.remove(this);
    }
    parent.leave();
  }
}
