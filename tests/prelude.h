// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.
//
// What most tests include, compiled once for all of them. A test includes what it uses all the same.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>
