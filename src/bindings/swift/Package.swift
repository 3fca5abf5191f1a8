// swift-tools-version: 5.9
// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import PackageDescription

// Serves by path, beside a library that is installed: pkg-config tells where. A release carries a package of the same
// sources beside an XCFramework: xcframework/Package.swift.
let package = Package(
  name: "MobileDiffusion",
  platforms: [.iOS(.v15), .macOS(.v12)],
  products: [.library(name: "MobileDiffusion", targets: ["MobileDiffusion"])],
  targets: [
    .systemLibrary(name: "CMobileDiffusion", pkgConfig: "mobilediffusion"),
    .target(name: "MobileDiffusion", dependencies: ["CMobileDiffusion"]),
    .testTarget(name: "MobileDiffusionTests", dependencies: ["MobileDiffusion"]),
  ]
)
