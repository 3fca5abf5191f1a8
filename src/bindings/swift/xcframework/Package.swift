// swift-tools-version: 5.9
// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import PackageDescription

// What a release carries: the sources beside the library that is written in C++.
let package = Package(
  name: "MobileDiffusion",
  platforms: [.iOS(.v15), .macOS(.v12)],
  products: [.library(name: "MobileDiffusion", targets: ["MobileDiffusion"])],
  targets: [
    .binaryTarget(name: "CMobileDiffusion", path: "CMobileDiffusion.xcframework"),
    .target(name: "MobileDiffusion", dependencies: ["CMobileDiffusion"]),
    .testTarget(name: "MobileDiffusionTests", dependencies: ["MobileDiffusion"]),
  ]
)
