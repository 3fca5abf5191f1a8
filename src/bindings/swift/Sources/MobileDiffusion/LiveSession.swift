// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion
import Foundation

/// What became of one prompt.
public struct LivePicture: Sendable {
  /// As they were submitted.
  public let prompt: String
  public let seed: UInt64
  /// From `submit` to here.
  public let seconds: Double
  /// The picture, or why there is none; never one that was overtaken.
  public let result: Result<Image, Error>
}

/// Pictures that follow a prompt while it is being typed.
///
///     let session = try pipeline.live()
///     Task { for await picture in session.pictures { show(picture.prompt, try picture.result.get()) } }
///     try session.submit("a red f")    // at every keystroke; returns at once
///     try session.submit("a red fox")  // the newest prompt wins
///
/// One prompt waits at most: a newer one takes its place and cancels the picture that is drawn. After a last `submit` its
/// picture always comes, and nothing after it. What the text encoder answered is kept for prompts that come back. It ends
/// with `close()`, when whoever reads `pictures` stops, or when nobody refers to it.
public final class LiveSession: @unchecked Sendable {
  /// In the order of their prompts, for one reader; who is slower than the session gets the newest.
  public let pictures: AsyncStream<LivePicture>

  private let live: Live
  private let seed: UInt64

  init(_ pipeline: Pipeline, _ options: GenerateOptions) throws {
    var continuation: AsyncStream<LivePicture>.Continuation!
    pictures = AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation = $0 }
    let live = try Live(pipeline, options, continuation)
    // Elsewhere: who stops reading need not wait.
    continuation.onTermination = { @Sendable [weak live] _ in
      guard let live else { return }
      DispatchQueue.global(qos: .userInitiated).async { live.close() }
    }
    self.live = live
    seed = options.seed
  }

  deinit { live.close() }

  /// Asks for a prompt's picture, with the options' seed or with another, and returns at once. Does nothing where both are
  /// those of the last call, unless that one failed.
  public func submit(_ prompt: String, seed: UInt64? = nil) throws { try live.submit(prompt, seed ?? self.seed) }

  /// Cancels what is drawn and ends `pictures`; nothing comes after it. Further prompts are `.invalidState`.
  public func close() { live.close() }
}

/// The session of C's, which calls back here.
private final class Live: @unchecked Sendable {
  private let pipeline: Pipeline  // which lives as long
  private let image: Image?       // likewise
  private let continuation: AsyncStream<LivePicture>.Continuation
  private let lock = NSLock()
  private var handle: OpaquePointer?

  init(_ pipeline: Pipeline, _ options: GenerateOptions, _ continuation: AsyncStream<LivePicture>.Continuation) throws {
    self.pipeline = pipeline
    self.continuation = continuation
    image = options.image
    // C holds a reference of its own until close().
    let this = Unmanaged.passRetained(self)
    do {
      handle = try options.withC { c in
        try make {
          md_live_start(
            pipeline.handle, &c,
            { this, prompt, seed, seconds, image, error in
              Unmanaged<Live>.fromOpaque(this!).takeUnretainedValue().tell(
                LivePicture(
                  prompt: String(cString: prompt!), seed: seed, seconds: seconds,
                  result: image.map { .success(Image(owning: $0)) } ?? .failure(thrown(by: error))))
            }, this.toOpaque(), $0, $1)
        }
      }
    } catch {
      this.release()
      throw error
    }
  }

  /// On the session's thread.
  private func tell(_ picture: LivePicture) { continuation.yield(picture) }

  func submit(_ prompt: String, _ seed: UInt64) throws {
    lock.lock()
    defer { lock.unlock() }
    guard let handle else { throw MobileDiffusionError(kind: .invalidState, message: "the live session is closed") }
    try check { md_live_submit_with_seed(handle, prompt, seed, $0) }
  }

  func close() {
    lock.lock()
    let last = handle
    handle = nil
    lock.unlock()
    guard let last else { return }
    md_live_free(last)
    continuation.finish()
    Unmanaged.passUnretained(self).release()
  }
}
