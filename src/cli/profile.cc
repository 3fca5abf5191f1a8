// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "src/cli/profile.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>

#include "kernels/linear/linear.h"
#include "src/cli/cli.h"
#include "src/files/file_io.h"
#include "src/sampling/noise_source.h"
#include "src/stages.h"
#include "src/text/tokenizer.h"
#include "src/weights/precision.h"

namespace mobilediffusion::cli {
namespace {

using kernels::Arena;
using kernels::Context;
using kernels::OperatorRecord;
using kernels::Tensor;
using kernels::ThreadPool;
using kernels::Trace;
using nlohmann::json;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// The best of several runs of a product that is neither small nor larger than the caches.
Result<double> measure_peak(const ThreadPool& threads, Precision precision) {
  constexpr int kWidth = 1024, kRows = 1024, kRuns = 8;
  const std::vector<float> matrix(size_t{kWidth} * kWidth, 1.0f);
  Status status;
  const kernels::Linear product("peak", {.in = kWidth, .out = kWidth, .bias = false},
                                {kernels::DataType::kFloat32, {kWidth, kWidth}, matrix.data()}, {},
                                kernel_precision(precision), status);
  if (!status.ok()) return status;
  Arena arena;
  Context context(threads, arena);
  Tensor x = context.make({1, 1, kRows, kWidth});
  if (!context.ok()) return context.status();
  std::fill_n(x.data(), x.shape().elements(), 1.0f);
  Trace trace;
  for (int run = 0; run < kRuns; ++run) {
    context.set_trace(&trace);
    product(context, x);
  }
  if (!context.ok()) return context.status();
  double best = 0;
  for (const OperatorRecord& record : trace) {
    if (record.macs > 0) best = std::max(best, 2e-9 * static_cast<double>(record.macs) / record.seconds);
  }
  return best;
}

std::vector<ProfileRow> grouped(const Trace& trace, std::string (*key)(const OperatorRecord&)) {
  std::map<std::string, ProfileRow> groups;
  for (const OperatorRecord& record : trace) {
    ProfileRow& row = groups[key(record)];
    row.calls += 1;
    row.macs += record.macs;
    row.seconds += record.seconds;
  }
  std::vector<ProfileRow> rows;
  for (auto& [name, row] : groups) {
    row.name = name;
    rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.seconds > b.seconds; });
  return rows;
}

void print_row(const ProfileRow& row, const Profile& profile) {
  std::printf("%-52s %5lld %9.4f %5.1f%%", row.name.c_str(), static_cast<long long>(row.calls), row.seconds,
              100 * row.seconds / profile.seconds);
  if (row.macs > 0) std::printf(" %9.1f %6.0f%%", row.gflops(), 100 * row.gflops() / profile.peak_gflops);
  std::printf("\n");
}

json to_json(const ProfileRow& row, const Profile& profile) {
  json line{
      {"name", row.name}, {"calls", row.calls}, {"seconds", row.seconds}, {"share", row.seconds / profile.seconds}};
  if (row.macs > 0) {
    line["gflops"] = row.gflops();
    line["of_peak"] = row.gflops() / profile.peak_gflops;
  }
  return line;
}

}  // namespace

std::vector<ProfileRow> Profile::by_kind() const {
  std::vector<ProfileRow> rows = grouped(trace, [](const OperatorRecord& record) { return std::string(record.kind); });
  double inside = 0;
  for (const ProfileRow& row : rows) inside += row.seconds;
  rows.push_back({"between operators", 0, 0, std::max(0.0, seconds - inside)});
  return rows;
}

std::vector<ProfileRow> Profile::by_operator() const {
  return grouped(trace,
                 [](const OperatorRecord& record) { return record.name + " (" + std::string(record.kind) + ")"; });
}

Result<Profile> profile_picture(const ProfileOptions& options) {
  Result<ModelFolder> model = open_model_folder(options.model, options.load.vae);
  if (!model.ok()) return model.status();
  Result<std::unique_ptr<Tokenizer>> tokenizer = load_tokenizer(model->tokenizer_folder(), model->text_encoder);
  if (!tokenizer.ok()) return tokenizer.status();
  const Result<TokenizedPrompt> tokens =
      (*tokenizer)->encode(options.prompt, model->text_encoder.max_position_embeddings);
  if (!tokens.ok()) return tokens.status();
  Result<Stages> stages = Stages::load(*model, NetworkLoading(options.load));
  if (!stages.ok()) return stages.status();
  const Result<std::unique_ptr<Sampler>> sampler = make_sampler("", model->scheduler, options.steps);
  if (!sampler.ok()) return sampler.status();

  const ThreadPool threads(options.load.threads);
  const Result<double> peak = measure_peak(threads, options.load.precision);
  if (!peak.ok()) return peak.status();
  Arena arena;
  Profile profile;
  profile.peak_gflops = *peak;
  const int upscale = model->decoder.upscale(), side = model->unet.sample_size;
  const int height = options.size.height > 0 ? options.size.height / upscale : side;
  const int width = options.size.width > 0 ? options.size.width / upscale : side;
  for (int run = 0; run <= kWarmUps; ++run) {
    profile.trace.clear();
    Context context(threads, arena);
    context.set_trace(&profile.trace);
    const double start = now();
    {
      const Tensor text = stages->encode(context, tokens->ids);
      Tensor latents = context.make({1, height, width, model->unet.in_channels});
      const std::unique_ptr<NoiseSource> noise = make_noise_source(Noise::kPhilox, 0);
      if (context.ok()) noise->draw(0, {latents.data(), static_cast<size_t>(latents.shape().elements())});
      stages->denoise(context, latents, **sampler, {.text = text, .noise = *noise});
      stages->decode(context, latents);
    }
    profile.seconds = now() - start;
    if (!context.ok()) return context.status();
    arena.settle();  // only where nothing is alive
  }
  return profile;
}

void print_profile(const Profile& profile) {
  std::printf("\nwhere %.4f s of one picture go; peak: a 1024x1024x1024 product, %.0f GFLOP/s\n\n", profile.seconds,
              profile.peak_gflops);
  std::printf("%-52s %5s %9s %6s %9s %7s\n", "kind", "calls", "seconds", "share", "GFLOP/s", "of peak");
  for (const ProfileRow& row : profile.by_kind()) print_row(row, profile);
  std::printf("\n%-52s\n", "slowest operators");
  std::vector<ProfileRow> rows = profile.by_operator();
  rows.resize(std::min<size_t>(rows.size(), 15));
  for (const ProfileRow& row : rows) print_row(row, profile);
}

json to_json(const Profile& profile) {
  json report{{"seconds", profile.seconds}, {"peak_gflops", profile.peak_gflops}};
  for (const ProfileRow& row : profile.by_kind()) report["kinds"].push_back(to_json(row, profile));
  for (const ProfileRow& row : profile.by_operator()) report["operators"].push_back(to_json(row, profile));
  return report;
}

Status write_timeline(const std::string& path, const Profile& profile) {
  json events = json::array();
  const double origin = profile.trace.empty() ? 0 : profile.trace.front().start;
  for (const OperatorRecord& record : profile.trace) {
    events.push_back({{"name", record.name},
                      {"cat", record.kind},
                      {"ph", "X"},
                      {"pid", 1},
                      {"tid", 1},
                      {"ts", 1e6 * (record.start - origin)},
                      {"dur", 1e6 * record.seconds},
                      {"args", {{"macs", record.macs}}}});
  }
  const std::string text = json{{"traceEvents", events}}.dump();
  return write_file_atomically(path, {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

}  // namespace mobilediffusion::cli
