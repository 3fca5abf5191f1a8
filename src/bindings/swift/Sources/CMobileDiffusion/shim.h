/* Copyright The MobileDiffusion for C++ Authors. Apache-2.0. */
#include <mobilediffusion/c.h>
