import { ArgumentError, EigenscopeError, describe, requireFinite } from "../core/index.js";
import type { Kernel } from "../kernels/index.js";
import type { ModeSpectrum } from "./types.js";

/** Checks that an argument is a kernel with a profile, and of points of a dimension where one is given. */
export function requireKernel(kernel: unknown, caller: string, dimension: number | null = null): void {
  if (kernel === null || typeof kernel !== "object" || typeof (kernel as Partial<Kernel>).profile !== "function") {
    throw new ArgumentError({
      function: caller,
      argument: "kernel",
      expected: "a Kernel, as ntk, nngp, arcCosine and zonalKernel return",
      got: kernel === null ? "null" : typeof kernel,
    });
  }
  if (dimension === null) return;
  // Kernels of other spheres refuse a point of this one; their profiles would give numbers without meaning.
  const pole = new Float64Array(dimension);
  pole[0] = 1;
  try {
    (kernel as Kernel).diagonal({ rows: 1, cols: dimension, data: pole });
  } catch (error) {
    if (!(error instanceof EigenscopeError)) throw error;
    throw new ArgumentError({
      function: caller,
      argument: "kernel",
      expected: `a kernel of points in R^${dimension}`,
      got: error.message,
    });
  }
}

/** Checks that an argument is a spectrum by mode, as `mercer` of a domain returns. */
export function requireSpectrum(spectrum: unknown, caller: string): void {
  const { eigenvalues, errorBounds, vanishing, conventions } = (spectrum ?? {}) as Partial<ModeSpectrum>;
  if (
    eigenvalues instanceof Float64Array &&
    errorBounds instanceof Float64Array &&
    eigenvalues.length === errorBounds.length &&
    Array.isArray(vanishing) &&
    typeof conventions === "object"
  ) {
    requireFinite(eigenvalues, "spectrum.eigenvalues", caller);
    const unknown = errorBounds.findIndex((bound) => !(bound >= 0)); // Infinity where a computation was cancelled
    if (unknown < 0) return;
    throw new ArgumentError({
      function: caller,
      argument: "spectrum.errorBounds",
      expected: ">= 0",
      got: `${errorBounds[unknown]} at index ${unknown}`,
    });
  }
  throw new ArgumentError({
    function: caller,
    argument: "spectrum",
    expected: "a spectrum by mode, as sphere(d).mercer, torus(d, N).mercer and gaussian(d).mercer return",
    got: describe(spectrum),
  });
}
