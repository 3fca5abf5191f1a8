// Copyright The MobileDiffusion for C++ Authors. Apache-2.0.

/** The packed model that the tests draw with. */
export const model = process.env.MOBILEDIFFUSION_MODEL;
if (!model) throw new Error('MOBILEDIFFUSION_MODEL must name a packed model');
