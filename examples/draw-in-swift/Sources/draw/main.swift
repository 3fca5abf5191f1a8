// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
import Foundation
import MobileDiffusion

guard CommandLine.arguments.count == 3 else {
  FileHandle.standardError.write(Data("usage: draw PROMPT FILE.png\n".utf8))
  exit(2)
}
do {
  let pipeline = try await Pipeline.load()
  var options = GenerateOptions()
  options.format = .rgb  // a file needs no alpha
  let picture = try await pipeline.generate(CommandLine.arguments[1], options: options)
  try picture.write(to: URL(fileURLWithPath: CommandLine.arguments[2]))
} catch {
  FileHandle.standardError.write(Data("\(error)\n".utf8))
  exit(1)
}
