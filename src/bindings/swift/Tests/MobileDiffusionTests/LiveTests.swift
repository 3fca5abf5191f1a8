// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import Foundation
import XCTest

@testable import MobileDiffusion

/// Pictures that follow a prompt.
final class LiveTests: XCTestCase {
  func testDrawsWhatGenerateDraws() async throws {
    let pipeline = try await Pipeline.load()
    let session = try pipeline.live(options: GenerateOptions(seed: 5))
    var pictures = session.pictures.makeAsyncIterator()
    for (prompt, seed) in [("a red boat", UInt64(5)), ("a blue boat", 5), ("a blue boat", 6)] {
      try session.submit(prompt, seed: seed == 5 ? nil : seed)
      let next = await pictures.next()
      let picture = try XCTUnwrap(next)
      XCTAssertEqual(picture.prompt, prompt)
      XCTAssertEqual(picture.seed, seed)
      XCTAssertGreaterThan(picture.seconds, 0)
      let image = try picture.result.get()
      XCTAssertGreaterThan(image.totalSeconds, 0)
      let expected = try await pipeline.generate(prompt, options: GenerateOptions(seed: seed))
      XCTAssertEqual(image.pixels, expected.pixels)
    }
  }

  func testDrawsAnUnchangedPromptOnceAndTheLastAlways() async throws {
    let pipeline = try await Pipeline.load()
    let session = try pipeline.live()
    var pictures = session.pictures.makeAsyncIterator()
    try session.submit("a boat")
    let first = await pictures.next()
    XCTAssertEqual(first?.prompt, "a boat")
    try session.submit("a boat")
    for i in 1...40 { try session.submit("boat \(i)") }
    var prompts: [String] = []
    while prompts.last != "boat 40" {
      guard let picture = await pictures.next() else { return XCTFail("ended after \(prompts)") }
      prompts.append(picture.prompt)
    }
    XCTAssertFalse(prompts.contains("a boat"))
    XCTAssertLessThan(prompts.count, 40)
    let numbers = prompts.compactMap { Int($0.dropFirst(5)) }
    XCTAssertEqual(numbers, numbers.sorted())
  }

  func testTellsWhatIsRefusedAndGoesOn() async throws {
    var options = LoadOptions()
    options.refusedWords = "red"
    let pipeline = try await Pipeline.load(options: options)
    let session = try pipeline.live()
    var pictures = session.pictures.makeAsyncIterator()
    try session.submit("a red")
    let refused = await pictures.next()
    XCTAssertThrowsError(try refused?.result.get()) { error in
      XCTAssertEqual((error as? MobileDiffusionError)?.kind, .refused)
    }
    try session.submit("a reddish boat")
    let drawn = await pictures.next()
    XCTAssertNoThrow(try drawn?.result.get())
  }

  func testEndsWhenItIsClosed() async throws {
    let pipeline = try await Pipeline.load()
    for i in 0..<20 {
      let session = try pipeline.live()
      try session.submit("a boat")
      if i % 2 == 0 { try session.submit("a house") }
      session.close()
      session.close()
      XCTAssertThrowsError(try session.submit("a tree")) { error in
        XCTAssertEqual((error as? MobileDiffusionError)?.kind, .invalidState)
      }
      var count = 0  // of what was there before
      for await _ in session.pictures { count += 1 }
      XCTAssertLessThanOrEqual(count, 1)
    }
  }

  func testEndsWhenItsReaderStops() async throws {
    let pipeline = try await Pipeline.load()
    let session = try pipeline.live()
    let reader = Task { for await _ in session.pictures {} }
    try session.submit("a boat")
    reader.cancel()
    await reader.value
    for i in 0..<200 {
      do { try session.submit("boat \(i)") } catch { return }
      try await Task.sleep(nanoseconds: 10_000_000)
    }
    XCTFail("it still takes prompts")
  }

  func testLetsGo() async throws {
    weak var gone: Pipeline?
    do {
      let pipeline = try await Pipeline.load()
      gone = pipeline
      let session = try pipeline.live()
      try session.submit("a boat")
      var pictures = session.pictures.makeAsyncIterator()
      _ = await pictures.next()
    }
    for _ in 0..<100 where gone != nil { try await Task.sleep(nanoseconds: 10_000_000) }
    XCTAssertNil(gone)
  }
}
