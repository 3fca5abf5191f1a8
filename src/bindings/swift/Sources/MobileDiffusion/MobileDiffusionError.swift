// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import CMobileDiffusion

/// What went wrong: a kind to act on, and a line that names the thing, what was expected and what was found.
///
/// A cancelled drawing throws Swift's `CancellationError` in place of this.
public struct MobileDiffusionError: Error, CustomStringConvertible, Equatable, Sendable {
  public enum Kind: Int32, Sendable {
    case invalidArgument = 1
    case notFound = 2
    case invalidModel = 3
    case unsupported = 4
    case outOfMemory = 5
    case inputOutput = 6
    case cancelled = 7
    case nonFinite = 8
    case `internal` = 9
    case invalidState = 10
    /// By a filter of `LoadOptions`; the message is its reason.
    case refused = 11
  }

  public let kind: Kind
  public let message: String

  public var description: String { message }
}

/// Calls one of C's functions that fail by convention 1, and throws what it says.
func check(_ call: (UnsafeMutablePointer<OpaquePointer?>) -> md_status) throws {
  var error: OpaquePointer?
  let status = call(&error)
  defer { md_error_free(error) }
  guard status != Int32(MD_OK) else { return }
  throw thrown(by: error)
}

/// What an error is in Swift.
func thrown(by error: OpaquePointer?) -> Error {
  let status = md_error_status(error)
  if status == Int32(MD_CANCELLED) { return CancellationError() }
  return MobileDiffusionError(
    kind: MobileDiffusionError.Kind(rawValue: status) ?? .internal, message: String(cString: md_error_message(error)))
}

/// The same of a function that makes a handle.
func make(
  _ call: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>) -> md_status
) throws -> OpaquePointer {
  var handle: OpaquePointer?
  try check { call(&handle, $0) }
  return handle!  // convention 2: success has stored one
}
