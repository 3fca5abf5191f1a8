// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import Foundation
import XCTest

@testable import MobileDiffusion

/// What every language's tests tell under these names.
final class ScenarioTests: XCTestCase {
  private var folder: URL!
  private let model = ProcessInfo.processInfo.environment["MOBILEDIFFUSION_MODEL"]!

  override func setUpWithError() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  override func tearDownWithError() throws { try FileManager.default.removeItem(at: folder) }

  private func packed() throws -> URL {
    let file = folder.appendingPathComponent("model.mdiff")
    try pack(model, to: file.path)
    return file
  }

  func testLoadsFromBytes() async throws {
    let pipeline = try await Pipeline.load(.data(Data(contentsOf: packed(), options: .mappedIfSafe)))
    let picture = try await pipeline.generate("two red boats at sunset", options: GenerateOptions(seed: 5))
    XCTAssertEqual(picture.width, pipeline.defaultWidth)
    XCTAssertEqual(picture.pixels.count, picture.width * picture.height * 4)
  }

  func testLoadsFromAPackedFile() async throws {
    let file = try packed()
    let whole = try await Pipeline.load(.path(file.path))
    let prefix = Data(count: 777)
    let inside = folder.appendingPathComponent("app.zip")
    try (prefix + Data(contentsOf: file) + prefix).write(to: inside)
    let opened = try FileHandle(forReadingFrom: inside)
    let bytes = try XCTUnwrap(FileManager.default.attributesOfItem(atPath: file.path)[.size] as? UInt64)
    let part = try Pipeline(.descriptor(opened.fileDescriptor, offset: 777, bytes: bytes))
    try opened.close()
    let a = try await whole.generate("two red boats at sunset"), b = try await part.generate("two red boats at sunset")
    XCTAssertEqual(a.pixels, b.pixels)
  }

  func testDrawsWithProgress() async throws {
    let pipeline = try await Pipeline.load()
    var stages: [Stage] = [], image: Image?
    for try await event in pipeline.events("two red boats at sunset") {
      switch event {
      case .progress(let progress):
        XCTAssertLessThanOrEqual(progress.done, progress.total)
        if stages.last != progress.stage { stages.append(progress.stage) }
      case .image(let drawn):
        image = drawn
      }
    }
    XCTAssertEqual(stages, [.text, .unet, .decoder])
    let drawn = try XCTUnwrap(image)
    XCTAssertGreaterThan(drawn.seconds(of: .unet), 0)
    XCTAssertEqual(drawn.provenance.prompt, "two red boats at sunset")
    let file = folder.appendingPathComponent("bär 🐻.png")
    try drawn.write(to: file)
    XCTAssertEqual(try Provenance(contentsOf: file), drawn.provenance)
    let read = try Image(data: drawn.pngData())
    XCTAssertEqual(read.width, drawn.width)
    XCTAssertEqual(read.format, .rgb)
  }

  func testCancelsHalfWay() async throws {
    let pipeline = try await Pipeline.load()
    let begun = expectation(description: "the UNet has begun")
    begun.assertForOverFulfill = false
    let task = Task {
      try await pipeline.generate("two red boats at sunset") { progress in
        if progress.stage == .unet {
          begun.fulfill()
          Thread.sleep(forTimeInterval: 0.01)
        }
      }
    }
    await fulfillment(of: [begun], timeout: 600)
    task.cancel()
    do {
      _ = try await task.value
      XCTFail("drawn to the end")
    } catch is CancellationError {}
    // One that waits is not begun, and the one before it is left alone.
    async let first = pipeline.generate("a red boat")
    let second = Task { try await pipeline.generate("a blue boat") }
    second.cancel()
    do {
      _ = try await second.value
      XCTFail("drawn though cancelled")
    } catch is CancellationError {}
    let picture = try await first
    XCTAssertEqual(picture.provenance.prompt, "a red boat")
  }

  func testRefusesWhatCannotBe() async throws {
    do {
      _ = try await Pipeline.load(.path("/nowhere"))
      XCTFail("loaded from nowhere")
    } catch let error as MobileDiffusionError {
      XCTAssertEqual(error.kind, .notFound)
      XCTAssert(error.message.contains("/nowhere"), error.message)
    }
    do {
      _ = try Pipeline(.data(Data("no model".utf8)))
      XCTFail("loaded from eight letters")
    } catch let error as MobileDiffusionError {
      XCTAssertEqual(error.kind, .invalidModel)
    }
    let pipeline = try await Pipeline.load()
    var options = GenerateOptions()
    options.width = 3
    do {
      _ = try await pipeline.generate("a boat", options: options)
      XCTFail("drew three pixels")
    } catch let error as MobileDiffusionError {
      XCTAssertEqual(error.kind, .invalidArgument)
      XCTAssert(error.message.contains("3"), error.message)
    }
    XCTAssertThrowsError(try Image(pixels: Data(count: 5), width: 2, height: 2, format: .rgb))
  }

  func testDrawsAgain() async throws {
    let pipeline = try await Pipeline.load()
    let first = try await pipeline.generate("a red boat", options: GenerateOptions(seed: 7))
    pipeline.trim()
    let pictures = try await withThrowingTaskGroup(of: Data.self) { group in
      for _ in 0..<4 {
        group.addTask { try await pipeline.generate("a red boat", options: GenerateOptions(seed: 7)).pixels }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for picture in pictures { XCTAssertEqual(picture, first.pixels) }
    var options = GenerateOptions(seed: 8)
    options.image = first
    options.strength = 0.5
    options.format = .rgb
    let other = try await pipeline.generate("a blue boat", options: options)
    XCTAssertEqual(other.provenance.strength, 0.5)
    XCTAssertEqual(other.pixels.count, other.width * other.height * 3)
  }

  func testLetsGo() async throws {
    weak var gone: Pipeline?
    do {
      let pipeline = try await Pipeline.load()
      gone = pipeline
      let picture = try await pipeline.generate("a red boat")
      XCTAssertGreaterThan(picture.totalSeconds, 0)
    }
    // The queue lets go of what it ran a moment after it has answered.
    for _ in 0..<100 where gone != nil { try await Task.sleep(nanoseconds: 10_000_000) }
    XCTAssertNil(gone)
  }
}
