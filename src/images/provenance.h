// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What a picture of ours says of its making. The texts (an iTXt chunk each in a PNG, one JSON object in a JPEG):
//
//   Software                       "MobileDiffusion for C++ " and the version: the mark of a picture of ours
//   prompt, negative_prompt        as given; a NUL, and what is not UTF-8, as U+FFFD. negative_prompt only where it was
//   seed, steps, guidance, model   used; numbers in decimal with a point, or "nan", "inf", "-inf"
//   sampler, noise                 by their names on the command line
//   loras, strength                where there were any, and where it began with a picture; a LoRA a line
//   XML:com.adobe.xmp              an XMP packet (ISO 16684-1) for everyone else: the IPTC's DigitalSourceType
//                                  "trainedAlgorithmicMedia", its AISystemUsed, AISystemVersionUsed and
//                                  AIPromptInformation (standard 2025.1), the prompt as dc:description (of a very long
//                                  one the beginning), the program as CreatorTool and as who "created" it in the
//                                  history
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mobilediffusion/image.h"
#include "mobilediffusion/options.h"
#include "mobilediffusion/status.h"
#include "src/images/text_entry.h"

namespace mobilediffusion {

// LoRAs as Provenance names them.
std::vector<std::string> in_provenance(std::span<const Lora> loras);

std::vector<TextEntry> texts_of(const Provenance& provenance);

// The way back; `origin` names the file in messages. Every string is UTF-8, whatever the file held. Errors:
// kInvalidArgument (not of ours, or a number that is none).
Result<Provenance> provenance_of(std::span<const TextEntry> texts, const std::string& origin);

// The parts, for tests.

// Well-formed UTF-8 without NUL: what is not becomes U+FFFD.
std::string clean_utf8(std::string_view text);

// The same as XML 1.0's character data: markup escaped, and the characters that XML has no way to write left out.
std::string escape_xml(std::string_view text);

}  // namespace mobilediffusion
