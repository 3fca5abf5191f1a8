// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import Foundation
import XCTest

@testable import MobileDiffusion

/// What an app lets through.
final class FilterTests: XCTestCase {
  private func assertRefused(_ reason: String, _ pipeline: Pipeline, _ prompt: String) async throws {
    do {
      _ = try await pipeline.generate(prompt)
      XCTFail("drew \(prompt)")
    } catch let error as MobileDiffusionError {
      XCTAssertEqual(error.kind, .refused)
      XCTAssertEqual(error.message, reason)
    }
  }

  func testRefusesTheWordsOfAList() async throws {
    var options = LoadOptions()
    options.refusedWords = "# a list\nred\nblue house"
    let pipeline = try await Pipeline.load(options: options)
    try await assertRefused("the prompt has \"red\", which is on the list of refused words", pipeline, "a R\u{e9}\u{200b}D boat")
    _ = try await pipeline.generate("a blue boat")
    options.refusedWords = "!"
    do {
      _ = try Pipeline(options: options)
      XCTFail("took a list that refuses nothing")
    } catch let error as MobileDiffusionError {
      XCTAssertEqual(error.kind, .invalidArgument)
    }
  }

  func testAsksAboutEveryPrompt() async throws {
    var options = LoadOptions()
    options.promptFilter = { $0.contains("house") ? "no houses, äh 🏠" : nil }
    let pipeline = try await Pipeline.load(options: options)
    try await assertRefused("no houses, äh 🏠", pipeline, "a house")
    _ = try await pipeline.generate("a boat 🚤")
  }

  func testChangesOrRefusesPictures() async throws {
    var options = LoadOptions()
    options.imageFilter = { picture in
      XCTAssertEqual(picture.pixels.count, picture.width * picture.height * 4)
      picture.pixels = Data(repeating: 7, count: picture.pixels.count)
      switch picture.provenance.prompt {
      case "a house": return "not this one"
      case "a tree": picture.pixels.removeLast()
      default: break
      }
      return nil
    }
    let pipeline = try await Pipeline.load(options: options)
    let image = try await pipeline.generate("a boat")
    XCTAssertEqual(image.pixels, Data(repeating: 7, count: image.width * image.height * 4))
    for file in [try image.pngData(), try image.jpegData()] {  // whatever was changed, it is the model's
      XCTAssertNotNil(file.range(of: Data("digitalsourcetype/trainedAlgorithmicMedia".utf8)))
    }
    try await assertRefused("not this one", pipeline, "a house")
    let bytes = image.pixels.count
    try await assertRefused("the image filter left \(bytes - 1) bytes of pixels in place of \(bytes)", pipeline, "a tree")
  }
}
