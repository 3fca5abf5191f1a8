// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include "kernels/runtime/hardware_threads.h"

namespace mobilediffusion::kernels {

std::vector<HardwareThread> hardware_threads(const std::vector<std::byte>& records, size_t affinity) {
  std::vector<HardwareThread> threads;
  for (size_t at = 0; at < records.size();) {
    const auto& record = *reinterpret_cast<const SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX*>(records.data() + at);
    if (record.Size == 0) break;
    at += record.Size;
    if (record.Relationship != RelationProcessorCore) continue;
    const GROUP_AFFINITY& threads_of_core = record.Processor.GroupMask[0];  // a core is of one group
    const bool barred = affinity != 0 && threads_of_core.Group == 0 && (threads_of_core.Mask & affinity) == 0;
    if (!barred) threads.push_back({.core = std::to_string(at), .kind = record.Processor.EfficiencyClass});
  }
  return threads;
}

}  // namespace mobilediffusion::kernels
#endif
