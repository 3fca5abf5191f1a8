// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion
import Foundation

/// Where a model is.
public enum Model: Sendable {
  /// The one that comes with the library.
  case standard
  /// A model folder, or a packed model.
  case path(String)
  /// A packed model in memory. It is not copied, and kept as long as the pipeline lives; mapped data is the cheapest.
  case data(Data)
  /// A packed model in an open file, `bytes` (nil: all that follow) from `offset` on. It is mapped; the file may be closed
  /// afterwards, and must stay as it is.
  case descriptor(Int32, offset: UInt64 = 0, bytes: UInt64? = nil)
}

/// What the networks compute in.
public enum Precision: Int32, Sendable {
  case float32 = 0
  case float16 = 1
  case int8 = 2
  /// `int8` where the model's weights are kept in 8 bits, else `float32`.
  case ofModel = 3
}

/// What stays in memory between a picture's stages: all networks, or one at a time.
public enum MemoryUse: Int32, Sendable {
  case keep = 0
  case stream = 1
}

/// How drawing stands to other work on the device: `background` gives way, and may take much longer.
public enum Priority: Int32, Sendable {
  case normal = 0
  case background = 1
}

/// A LoRA file, and how much of it is added to the weights: 0 nothing, 1 all.
public struct LoRA: Sendable {
  public var path: String
  public var weight: Float

  public init(path: String, weight: Float = 1) {
    self.path = path
    self.weight = weight
  }
}

public struct LoadOptions: Sendable {
  /// 1 to 256; 0: one for every core that is worth it.
  public var threads: Int32 = 0
  public var precision = Precision.ofModel
  public var memory = MemoryUse.keep
  public var priority = Priority.normal
  /// Added one after another.
  public var loras: [LoRA] = []
  /// For packed weights, made if it is missing; nil: no cache.
  public var cacheFolder: String?
  /// What it may hold; nil: 4 GiB.
  public var cacheBytes: UInt64?
  /// A folder with another autoencoder; nil: the model's own.
  public var autoencoder: String?
  /// Gets notes worth a log line, on the thread that loads or draws; nil: silence.
  public var log: (@Sendable (_ message: String, _ isWarning: Bool) -> Void)?

  /// Refuses prompts that have one of these words or phrases in them, a line each, # begins a comment: whole words, without
  /// regard to case, accents, the style of letters and what nobody sees. nil: none.
  public var refusedWords: String?
  /// Asked before each picture, about what the list lets pass: why the prompt must not be drawn, or nil. What is refused
  /// throws `.refused`. Called on the thread that draws, as the next; neither may call the pipeline.
  public var promptFilter: (@Sendable (_ prompt: String) -> String?)?
  /// Asked when a picture is drawn, before anyone has it: why nobody must have it, or nil. It may change the pixels, to as
  /// many bytes.
  public var imageFilter: (@Sendable (_ picture: inout DrawnPicture) -> String?)?

  public init() {}

  /// As C has them, valid as long as `strings`.
  func c(_ strings: CStrings) -> md_load_options {
    var options = md_load_options()
    md_load_options_init(&options, MemoryLayout<md_load_options>.size)
    options.threads = threads
    options.precision = precision.rawValue
    options.memory = memory.rawValue
    options.priority = priority.rawValue
    options.loras = strings.copy(loras)
    options.lora_count = loras.count
    options.cache_folder = strings.copy(cacheFolder)
    if let cacheBytes { options.cache_bytes = cacheBytes }
    options.vae = strings.copy(autoencoder)
    options.refused_words = strings.copy(refusedWords)
    return options
  }
}
