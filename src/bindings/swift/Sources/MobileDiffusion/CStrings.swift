// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion

/// Strings and lists that C's options point at, for as long as this lives.
final class CStrings {
  private var strings: [UnsafeMutablePointer<CChar>] = []
  private var loras: [UnsafeMutableBufferPointer<md_lora>] = []

  deinit {
    strings.forEach { $0.deallocate() }
    loras.forEach { $0.deallocate() }
  }

  /// nil stays NULL.
  func copy(_ string: String?) -> UnsafePointer<CChar>? {
    guard let string else { return nil }
    let bytes = string.utf8CString
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
    _ = UnsafeMutableBufferPointer(start: copy, count: bytes.count).initialize(from: bytes)
    strings.append(copy)
    return UnsafePointer(copy)
  }

  func copy(_ list: [LoRA]) -> UnsafePointer<md_lora>? {
    guard !list.isEmpty else { return nil }
    let copies = UnsafeMutableBufferPointer<md_lora>.allocate(capacity: list.count)
    for (i, lora) in list.enumerated() {
      copies.initializeElement(at: i, to: md_lora(path: copy(lora.path), weight: lora.weight))
    }
    loras.append(copies)
    return UnsafePointer(copies.baseAddress)
  }
}
