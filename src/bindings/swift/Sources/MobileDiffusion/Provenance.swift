// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion
import Foundation

/// How a picture was made: what it takes to draw it again.
public struct Provenance: Equatable, Sendable {
  public let prompt: String
  public let negativePrompt: String
  public let model: String
  public let sampler: String
  public let noise: String
  public let seed: UInt64
  public let steps: Int
  /// 1 is off.
  public let guidance: Float
  /// Of the picture that it began with; nil where it began with noise.
  public let strength: Double?
  /// "FILE:WEIGHT" each, without the file's folder.
  public let loras: [String]

  /// Reads back what was written into a PNG or a JPEG.
  public init(contentsOf url: URL) throws {
    let handle = try make { md_provenance_read(url.path, $0, $1) }
    defer { md_provenance_free(handle) }
    self.init(handle)
  }

  init(_ handle: OpaquePointer?) {
    prompt = String(cString: md_provenance_prompt(handle))
    negativePrompt = String(cString: md_provenance_negative_prompt(handle))
    model = String(cString: md_provenance_model(handle))
    sampler = String(cString: md_provenance_sampler(handle))
    noise = String(cString: md_provenance_noise(handle))
    seed = md_provenance_seed(handle)
    steps = Int(md_provenance_steps(handle))
    guidance = md_provenance_guidance(handle)
    let strength = md_provenance_strength(handle)
    self.strength = strength < 0 ? nil : strength
    loras = (0..<md_provenance_lora_count(handle)).map { String(cString: md_provenance_lora(handle, $0)) }
  }
}
