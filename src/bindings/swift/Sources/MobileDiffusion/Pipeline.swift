// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion
import Foundation

/// From a few words to a picture.
///
///     let pipeline = try await Pipeline.load()
///     let picture = try await pipeline.generate("two red boats at sunset")
///     try picture.pngData().write(to: url)
///
/// Draws one picture at a time; further calls wait their turn. Drawing runs on a thread of the pipeline's own, so that it
/// takes none of those that Swift's tasks share. A task that is cancelled stops its drawing, waiting or running, and
/// `generate` throws `CancellationError`.
public final class Pipeline: @unchecked Sendable {
  let handle: OpaquePointer
  private let memory: NSData?         // of a model that lies there
  private let callbacks: Callbacks
  private let queue = DispatchQueue(label: "MobileDiffusion.Pipeline", qos: .userInitiated)

  /// Loads a model on a thread of its own.
  public static func load(_ model: Model = .standard, options: LoadOptions = LoadOptions()) async throws -> Pipeline {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .userInitiated).async {
        continuation.resume(with: Result { try Pipeline(model, options: options) })
      }
    }
  }

  /// Loads a model here and now, which takes from a hundredth of a second to some seconds.
  public init(_ model: Model = .standard, options: LoadOptions = LoadOptions()) throws {
    let strings = CStrings()
    var c = options.c(strings)
    callbacks = Callbacks(options)
    callbacks.register(in: &c)
    var kept: NSData?
    handle = try withExtendedLifetime(strings) {
      switch model {
      case .standard:
        return try make { md_pipeline_load(nil, &c, $0, $1) }
      case .path(let path):
        return try make { md_pipeline_load(path, &c, $0, $1) }
      case .descriptor(let descriptor, let offset, let bytes):
        return try make { md_pipeline_load_descriptor(descriptor, offset, bytes ?? UInt64.max, &c, $0, $1) }
      case .data(let data):
        let data = NSData(data: data)
        kept = data
        return try make {
          md_pipeline_load_memory(data.bytes.assumingMemoryBound(to: UInt8.self), data.length, &c, $0, $1)
        }
      }
    }
    memory = kept
  }

  /// What draws has let go by now: it holds the pipeline.
  deinit { md_pipeline_free(handle) }

  /// Pixels of a picture when no size is asked for, and what widths and heights must be multiples of.
  public var defaultWidth: Int { Int(md_pipeline_default_width(handle)) }
  public var defaultHeight: Int { Int(md_pipeline_default_height(handle)) }
  public var sizeMultiple: Int { Int(md_pipeline_size_multiple(handle)) }

  public var modelName: String { String(cString: md_pipeline_model_name(handle)) }
  public var loadSeconds: Double { md_pipeline_load_seconds(handle) }

  /// Draws one picture. `progress` is called on the pipeline's thread and must not call the pipeline.
  public func generate(
    _ prompt: String, options: GenerateOptions = GenerateOptions(), progress: (@Sendable (Progress) -> Void)? = nil
  ) async throws -> Image {
    let drawing = Drawing(handle, progress)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.async { [self] in
          continuation.resume(with: withExtendedLifetime(self) { Result { try drawing.run(prompt, options) } })
        }
      }
    } onCancel: {
      drawing.cancel()
    }
  }

  public enum Event: Sendable {
    case progress(Progress)
    /// The last one.
    case image(Image)
  }

  /// The same as a sequence. Whoever stops listening cancels the drawing.
  public func events(
    _ prompt: String, options: GenerateOptions = GenerateOptions()
  ) -> AsyncThrowingStream<Event, Error> {
    AsyncThrowingStream { continuation in
      let task = Task {
        do {
          let image = try await generate(prompt, options: options) { continuation.yield(.progress($0)) }
          continuation.yield(.image(image))
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// Pictures that follow a prompt while it is being typed; `options` are every picture's. Others may draw meanwhile; but a
  /// task that is cancelled while it waits for its turn may cancel a picture of the session in place of its own, which then
  /// comes as a failure.
  public func live(options: GenerateOptions = GenerateOptions()) throws -> LiveSession {
    try LiveSession(self, options)
  }

  /// Stops the drawing that runs now, whoever asked for it.
  public func cancel() { md_pipeline_cancel(handle) }

  /// Gives back all memory that can be had again: at a memory warning, or when the app goes to the background. The next
  /// picture takes as long as the first.
  public func trim() { md_pipeline_trim(handle) }
}
