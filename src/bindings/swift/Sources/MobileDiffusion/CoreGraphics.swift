// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if canImport(CoreGraphics)
import CoreGraphics
import Foundation

extension Image {
  /// For UIImage, NSImage and SwiftUI. The pixels are copied once. nil where there is no memory for it.
  public var cgImage: CGImage? {
    guard let provider = CGDataProvider(data: pixels as CFData), let space = CGColorSpace(name: CGColorSpace.sRGB) else {
      return nil
    }
    let alpha: CGImageAlphaInfo = format == .rgba ? .noneSkipLast : .none
    return CGImage(
      width: width, height: height, bitsPerComponent: 8, bitsPerPixel: 8 * format.bytesPerPixel,
      bytesPerRow: width * format.bytesPerPixel, space: space, bitmapInfo: CGBitmapInfo(rawValue: alpha.rawValue),
      provider: provider, decode: nil, shouldInterpolate: true, intent: .defaultIntent)
  }
}
#endif
