// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion
import Foundation

/// A picture that nobody has yet, for an image filter.
public struct DrawnPicture {
  /// 8-bit sRGB, rows from the top, no padding.
  public var pixels: Data
  public let width: Int
  public let height: Int
  public let format: PixelFormat
  public let provenance: Provenance
}

/// A pipeline's log and filters, as C calls them.
final class Callbacks: Sendable {
  private let log: (@Sendable (String, Bool) -> Void)?
  private let promptFilter: (@Sendable (String) -> String?)?
  private let imageFilter: (@Sendable (inout DrawnPicture) -> String?)?

  init(_ options: LoadOptions) {
    log = options.log
    promptFilter = options.promptFilter
    imageFilter = options.imageFilter
  }

  /// C's options point at this, which must live as long as their pipeline.
  func register(in options: inout md_load_options) {
    let this = Unmanaged.passUnretained(self).toOpaque()
    if log != nil {
      options.log_user_data = this
      options.log = { this, level, message in
        Callbacks.at(this).log?(String(cString: message!), level == Int32(MD_LOG_WARNING))
      }
    }
    if promptFilter != nil {
      options.prompt_filter_user_data = this
      options.prompt_filter = { this, prompt, refusal in
        if let reason = Callbacks.at(this).promptFilter?(String(cString: prompt!)) { md_refuse(refusal, reason) }
      }
    }
    if imageFilter != nil {
      options.image_filter_user_data = this
      options.image_filter = { this, provenance, pixels, width, height, format, refusal in
        let reason = Callbacks.at(this).ask(provenance, pixels!, Int(width), Int(height), format)
        if let reason { md_refuse(refusal, reason) }
      }
    }
  }

  private func ask(
    _ provenance: OpaquePointer?, _ pixels: UnsafeMutablePointer<UInt8>, _ width: Int, _ height: Int,
    _ format: md_pixel_format
  ) -> String? {
    guard let imageFilter, let format = PixelFormat(rawValue: format) else { return nil }
    let bytes = width * height * format.bytesPerPixel
    var picture = DrawnPicture(
      pixels: Data(bytes: pixels, count: bytes), width: width, height: height, format: format,
      provenance: Provenance(provenance))
    if let reason = imageFilter(&picture) { return reason }
    guard picture.pixels.count == bytes else {
      return "the image filter left \(picture.pixels.count) bytes of pixels in place of \(bytes)"
    }
    picture.pixels.copyBytes(to: pixels, count: bytes)
    return nil
  }

  private static func at(_ pointer: UnsafeMutableRawPointer?) -> Callbacks {
    Unmanaged<Callbacks>.fromOpaque(pointer!).takeUnretainedValue()
  }
}
