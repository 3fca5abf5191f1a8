// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
#include "kernels/simd/vector_target.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/simd/vector_target.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
// Behind foreach_target.
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace mobilediffusion::kernels::HWY_NAMESPACE {

const char* name_of_target() { return hwy::TargetName(HWY_TARGET); }

}  // namespace mobilediffusion::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mobilediffusion::kernels {

HWY_EXPORT(name_of_target);

std::string_view vector_target() { return HWY_DYNAMIC_DISPATCH(name_of_target)(); }

}  // namespace mobilediffusion::kernels
#endif
