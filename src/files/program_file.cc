// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/files/program_file.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "src/files/mapped_file.h"

namespace mobilediffusion {
namespace {

constexpr std::string_view kMark = "MDIFFEND";
constexpr uint64_t kTrailer = 8 + kMark.size();
constexpr uint64_t kAlignment = 64;  // a packed model's own

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Status check_program(std::string_view bytes, const std::string& name) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\x7f"
                        "ELF"sv) ||
      bytes.starts_with("MZ"sv))
    return {};
  for (const std::string_view magic : {"\xcf\xfa\xed\xfe"sv, "\xce\xfa\xed\xfe"sv, "\xca\xfe\xba\xbe"sv}) {
    if (bytes.starts_with(magic))
      return Status(StatusCode::kUnsupported,
                    name +
                        " is a program of macOS, whose signature breaks where something is put behind it; supported: "
                        "programs of Linux (ELF) and Windows. There, put the model beside the program, as model.mdiff");
  }
  return Status(StatusCode::kInvalidArgument,
                name + " is no program that a model can be put into; expected one of Linux (ELF) or Windows");
}

}  // namespace

bool ends_with_model(std::span<const std::byte> file) {
  return file.size() >= kTrailer && as_text(file).ends_with(kMark);
}

Result<FileRange> range_of_model(std::span<const std::byte> file, const std::string& name) {
  const uint64_t end = file.size() - kTrailer;
  uint64_t begin = 0;
  for (int i = 0; i < 8; ++i) begin |= static_cast<uint64_t>(file[static_cast<size_t>(end) + i]) << (8 * i);
  if (begin == 0 || begin >= end || begin % kAlignment != 0) {
    return Status(StatusCode::kInvalidModel,
                  name + " ends like a program with a model inside, and says that the model begins at byte " +
                      std::to_string(begin) + "; expected a multiple of " + std::to_string(kAlignment) + " below " +
                      std::to_string(end));
  }
  return FileRange{begin, end - begin};
}

Result<uint64_t> write_program(AtomicFile& file, const std::string& program) {
  const Result<MappedFile> mapped = MappedFile::open(program);
  if (!mapped.ok()) return mapped.status();
  std::span<const std::byte> bytes = mapped->bytes();
  if (Status status = check_program(as_text(bytes), program); !status.ok()) return status;
  if (ends_with_model(bytes)) {
    const Result<FileRange> model = range_of_model(bytes, program);
    if (!model.ok()) return model.status();
    bytes = bytes.first(static_cast<size_t>(model->begin));
  }
  if (Status status = file.write(bytes.data(), bytes.size()); !status.ok()) return status;
  const std::vector<uint8_t> zeros((kAlignment - bytes.size() % kAlignment) % kAlignment);
  if (Status status = file.write(zeros); !status.ok()) return status;
  return bytes.size() + zeros.size();
}

Status end_program(AtomicFile& file, uint64_t model_begins) {
  uint8_t trailer[kTrailer];
  for (int i = 0; i < 8; ++i) trailer[i] = static_cast<uint8_t>(model_begins >> (8 * i));
  std::copy(kMark.begin(), kMark.end(), trailer + 8);
  if (Status status = file.write(trailer, sizeof trailer); !status.ok()) return status;
  return file.make_executable();
}

}  // namespace mobilediffusion
