// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion

public struct PackOptions: Sendable {
  /// What weights are stored in.
  public enum Weights: Int32, Sendable {
    case asTheyAre = 0
    case int8 = 1
    case float16 = 2
  }

  public var weights = Weights.asTheyAre
  /// Added to the weights for good.
  public var loras: [LoRA] = []
  /// In place of the model's own.
  public var autoencoder: String?
  /// Asked every few megabytes.
  public var isCancelled: (@Sendable () -> Bool)?

  public init() {}
}

/// Writes a model folder to one file, which appears whole or not at all: what an app ships. Takes as long as the model is
/// large; throws `CancellationError` where `options.isCancelled` says so.
public func pack(_ model: String, to file: String, options: PackOptions = PackOptions()) throws {
  final class Asked {
    let isCancelled: () -> Bool
    init(_ isCancelled: @escaping () -> Bool) { self.isCancelled = isCancelled }
  }
  let strings = CStrings()
  var c = md_pack_options()
  md_pack_options_init(&c, MemoryLayout<md_pack_options>.size)
  c.weights = options.weights.rawValue
  c.loras = strings.copy(options.loras)
  c.lora_count = options.loras.count
  c.vae = strings.copy(options.autoencoder)
  let asked = options.isCancelled.map(Asked.init)
  if let asked {
    c.cancelled_user_data = Unmanaged.passUnretained(asked).toOpaque()
    c.cancelled = { Unmanaged<Asked>.fromOpaque($0!).takeUnretainedValue().isCancelled() ? 1 : 0 }
  }
  try withExtendedLifetime((strings, asked)) { try check { md_pack(model, file, &c, $0) } }
}
