// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import Combine
import CoreGraphics
import Foundation
import MobileDiffusion

/// Loads the model of the app's bundle when the first picture is asked for, and draws one picture at a time.
@MainActor
final class Painter: ObservableObject {
  @Published private(set) var picture: CGImage?
  /// 0 to 1 within a stage; nil: nothing is drawn.
  @Published private(set) var progress: Double?
  @Published private(set) var message = ""

  private var pipeline: Pipeline?
  private var drawing: Task<Void, Never>?

  func draw(_ prompt: String) {
    guard progress == nil else { return }
    progress = 0
    message = ""
    drawing = Task {
      do {
        for try await event in try await loaded().events(prompt) {
          switch event {
          case .progress(let part):
            progress = Double(part.done) / Double(part.total)
          case .image(let image):
            picture = image.cgImage
            message = "\(image.width)x\(image.height) in " + String(format: "%.2f seconds", image.totalSeconds)
          }
        }
      } catch is CancellationError {
        // as was asked
      } catch {
        message = "\(error)"
      }
      progress = nil
    }
  }

  func cancel() { drawing?.cancel() }

  /// Gives back all memory that can be had again.
  func trim() { pipeline?.trim() }

  /// Nobody looks: the processor and the memory are others'.
  func rest() {
    cancel()
    trim()
  }

  private func loaded() async throws -> Pipeline {
    if let pipeline { return pipeline }
    guard let model = Bundle.main.path(forResource: "scenes", ofType: "mdiff") else {
      throw CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "scenes.mdiff"])
    }
    let pipeline = try await Pipeline.load(.path(model))
    self.pipeline = pipeline
    return pipeline
  }
}
