// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion

/// Where a picture's noise comes from: portable, or PyTorch's on a CPU.
public enum Noise: Int32, Sendable {
  case philox = 0
  case torch = 1
}

/// How the bytes of a pixel follow one another. Alpha is always 255.
public enum PixelFormat: Int32, Sendable {
  case rgb = 3
  case rgba = 4

  public var bytesPerPixel: Int { Int(rawValue) }
}

public enum Stage: Int32, Sendable, CaseIterable {
  case text = 0
  case unet = 1
  case decoder = 2
  /// Runs first, where there is a picture to begin with.
  case encoder = 3
}

/// `done` of `total` parts of a stage are done.
public struct Progress: Equatable, Sendable {
  public let stage: Stage
  public let done: Int
  public let total: Int
}

public struct GenerateOptions: Sendable {
  public var seed: UInt64 = 0
  /// Pixels, multiples of `Pipeline.sizeMultiple`; nil: what the model was made for.
  public var width: Int32?
  public var height: Int32?
  /// 1 to 1000; nil: as many as the model was made for.
  public var steps: Int32?
  /// 0 to 100, 0 and 1 are off; nil: what the model was made for.
  public var guidance: Float?
  public var negativePrompt: String?
  /// nil: the model's own.
  public var sampler: String?
  /// A picture to begin with, of any size; nil: begin with noise.
  public var image: Image?
  /// How much of that picture is made anew, 0 to 1; nil: 0.6.
  public var strength: Double?
  /// Channel by channel, rows from the top: latent channels * (height/8) * (width/8) values; empty: drawn by `noise` and
  /// `seed`.
  public var initialNoise: [Float] = []
  public var noise = Noise.philox
  public var format = PixelFormat.rgba

  public init(seed: UInt64 = 0) { self.seed = seed }

  /// As C has them, for the length of `body`.
  func withC<Result>(_ body: (inout md_generate_options) throws -> Result) rethrows -> Result {
    let strings = CStrings()
    var options = md_generate_options()
    md_generate_options_init(&options, MemoryLayout<md_generate_options>.size)
    options.seed = seed
    options.width = width ?? 0
    options.height = height ?? 0
    options.steps = steps ?? 0
    if let guidance { options.guidance = guidance }
    options.negative_prompt = strings.copy(negativePrompt)
    options.sampler = strings.copy(sampler)
    if let image { options.image = image.c }
    if let strength { options.strength = strength }
    options.noise = noise.rawValue
    options.format = format.rawValue
    return try withExtendedLifetime((strings, image)) {
      try initialNoise.withUnsafeBufferPointer { noise in
        options.initial_noise = noise.isEmpty ? nil : noise.baseAddress
        options.initial_noise_count = noise.count
        return try body(&options)
      }
    }
  }
}
