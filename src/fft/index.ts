/**
 * Fourier transforms of any length in any number of dimensions, real and complex; convolution and cosine transforms.
 * Forward e^{−2πi jk/n} unnormalised, inverse divides by n.
 * @module fft
 */
export * from "./fft.js";
export { irfft, rfft } from "./rfft.js";
export { fftn, fftnInPlace, ifftn } from "./fftn.js";
export * from "./rfftn.js";
export { createFftPlan } from "./plan.js";
export type { ComplexArray, ComplexInput, FftPlan } from "./plan.js";
export * from "./real-plan.js";
export * from "./convolve.js";
export * from "./dct.js";
