// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion
import Foundation

/// A picture: 8-bit sRGB, rows from the top, no padding. It never changes, so any thread may ask it.
public final class Image: @unchecked Sendable {
  let handle: OpaquePointer

  init(owning handle: OpaquePointer) { self.handle = handle }

  deinit { md_image_free(handle) }

  /// Reads a PNG or a JPEG, turned the way its Exif orientation says, over white where it is transparent.
  public convenience init(contentsOf url: URL) throws {
    self.init(owning: try make { md_image_read(url.path, $0, $1) })
  }

  /// The same of a file's bytes.
  public convenience init(data: Data) throws {
    self.init(owning: try data.withUnsafeBytes { bytes in
      try make { md_image_decode(bytes.bindMemory(to: UInt8.self).baseAddress, bytes.count, $0, $1) }
    })
  }

  /// Copies pixels.
  public convenience init(pixels: Data, width: Int32, height: Int32, format: PixelFormat) throws {
    let expected = Int(width) * Int(height) * format.bytesPerPixel
    guard pixels.count == expected else {
      throw MobileDiffusionError(
        kind: .invalidArgument, message: "\(width)x\(height) pixels take \(expected) bytes, found \(pixels.count)")
    }
    self.init(owning: try pixels.withUnsafeBytes { bytes in
      var of = md_pixels(
        data: bytes.bindMemory(to: UInt8.self).baseAddress, width: width, height: height, format: format.rawValue)
      return try make { md_image_from_pixels(&of, nil, $0, $1) }
    })
  }

  public var width: Int { Int(md_image_width(handle)) }
  public var height: Int { Int(md_image_height(handle)) }
  public var format: PixelFormat { PixelFormat(rawValue: md_image_format(handle)) ?? .rgb }

  /// A copy.
  public var pixels: Data { withUnsafePixels { Data($0) } }

  public func withUnsafePixels<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) {
      try body(UnsafeBufferPointer(start: md_image_pixels(handle), count: md_image_pixel_bytes(handle)))
    }
  }

  /// Wall-clock seconds of the call that drew it; 0 for a stage that did not run.
  public func seconds(of stage: Stage) -> Double { md_image_stage_seconds(handle, stage.rawValue) }
  public var totalSeconds: Double { md_image_total_seconds(handle) }

  /// Whether the prompt was longer than the text encoder reads, and was cut; its tokens in all.
  public var promptWasTruncated: Bool { md_image_prompt_truncated(handle) != 0 }
  public var promptTokens: Int { Int(md_image_prompt_tokens(handle)) }

  /// The words of the prompt that a model of few words was never taught.
  public var unknownWords: [String] {
    (0..<md_image_unknown_word_count(handle)).map { String(cString: md_image_unknown_word(handle, $0)) }
  }

  /// How it was made.
  public var provenance: Provenance { Provenance(md_image_provenance(handle)) }

  /// With how it was made and the mark of AI-made pictures in it, unless `metadata` is false.
  public func pngData(metadata: Bool = true) throws -> Data { try encoded(Int32(MD_PNG), metadata, 95) }

  /// `quality` is 1 to 100.
  public func jpegData(quality: Int32 = 95, metadata: Bool = true) throws -> Data {
    try encoded(Int32(MD_JPEG), metadata, quality)
  }

  /// A PNG, or a JPEG where the name ends in .jpg or .jpeg. The file appears whole or not at all.
  public func write(to url: URL, quality: Int32 = 95, metadata: Bool = true) throws {
    var options = Image.saveOptions(metadata, quality)
    try check { md_image_save(handle, url.path, &options, $0) }
  }

  /// As options point at it: valid while this lives.
  var c: md_pixels {
    md_pixels(
      data: md_image_pixels(handle), width: md_image_width(handle), height: md_image_height(handle),
      format: md_image_format(handle))
  }

  private func encoded(_ format: md_file_format, _ metadata: Bool, _ quality: Int32) throws -> Data {
    var options = Image.saveOptions(metadata, quality)
    let bytes = try make { md_image_encode(handle, format, &options, $0, $1) }
    defer { md_bytes_free(bytes) }
    return Data(bytes: md_bytes_data(bytes), count: md_bytes_size(bytes))
  }

  private static func saveOptions(_ metadata: Bool, _ quality: Int32) -> md_save_options {
    var options = md_save_options()
    md_save_options_init(&options, MemoryLayout<md_save_options>.size)
    options.metadata = metadata ? 1 : 0
    options.jpeg_quality = quality
    return options
  }
}
