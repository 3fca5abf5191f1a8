// swift-tools-version: 5.9
// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import PackageDescription

let package = Package(
  name: "draw",
  platforms: [.macOS(.v12)],
  dependencies: [.package(path: "../../src/bindings/swift")],
  targets: [
    .executableTarget(name: "draw", dependencies: [.product(name: "MobileDiffusion", package: "swift")])
  ]
)
