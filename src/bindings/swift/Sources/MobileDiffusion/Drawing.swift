// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion
import Foundation

/// One call of md_pipeline_generate(): waits, runs, is over; and may be cancelled at any time, alone.
final class Drawing: @unchecked Sendable {
  private enum State { case waits, runs, isOver }

  private let pipeline: OpaquePointer
  private let progress: (@Sendable (Progress) -> Void)?
  private let lock = NSLock()
  private var state = State.waits
  private var isCancelled = false

  init(_ pipeline: OpaquePointer, _ progress: (@Sendable (Progress) -> Void)?) {
    self.pipeline = pipeline
    self.progress = progress
  }

  /// Under the lock, so that the pipeline is told while this call runs and never while the next one does.
  func cancel() {
    lock.lock()
    defer { lock.unlock() }
    isCancelled = true
    if state == .runs { md_pipeline_cancel(pipeline) }
  }

  func run(_ prompt: String, _ options: GenerateOptions) throws -> Image {
    guard begin() else { throw CancellationError() }
    defer { end() }
    return try options.withC { c in
      c.progress_user_data = Unmanaged.passUnretained(self).toOpaque()
      c.progress = { drawing, stage, done, total in
        Unmanaged<Drawing>.fromOpaque(drawing!).takeUnretainedValue().tell(stage, done, total)
      }
      return Image(owning: try make { md_pipeline_generate(pipeline, prompt, &c, $0, $1) })
    }
  }

  private func begin() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard !isCancelled else { return false }
    state = .runs
    return true
  }

  private func end() {
    lock.lock()
    defer { lock.unlock() }
    state = .isOver
  }

  /// Not 0: cancel. A call that was cancelled before C had begun it learns of it here.
  private func tell(_ stage: md_stage, _ done: Int32, _ total: Int32) -> Int32 {
    if let progress, let stage = Stage(rawValue: stage) {
      progress(Progress(stage: stage, done: Int(done), total: Int(total)))
    }
    lock.lock()
    defer { lock.unlock() }
    return isCancelled ? 1 : 0
  }
}
