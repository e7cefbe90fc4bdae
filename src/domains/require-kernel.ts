import { ArgumentError, EigenscopeError } from "../core/index.js";
import type { Kernel } from "../kernels/index.js";

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
