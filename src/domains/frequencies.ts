import { requireOneOf } from "../core/index.js";

/** Centred frequency of a flat index, written to `out`; returns |k|². At even N the Nyquist component is +N/2. */
export function decodeFrequency(index: number, d: number, N: number, out: Int32Array): number {
  let squared = 0;
  let rest = index;
  for (let j = d - 1; j >= 0; j--) {
    const digit = rest % N;
    rest = (rest - digit) / N;
    const k = digit > N / 2 ? digit - N : digit;
    out[j] = k;
    squared += k * k;
  }
  return squared;
}

/** Factor of |k|² in the Laplacian's eigenvalue: 1, or 4π² for the true Laplacian of period 1. */
export function frequencyFactor(frequency: "integer" | "angular" | undefined, caller: string): number {
  const choice = requireOneOf(frequency ?? "integer", ["integer", "angular"], "frequency", caller);
  return choice === "angular" ? 4 * Math.PI * Math.PI : 1;
}
