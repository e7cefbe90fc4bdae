import { expect } from "vitest";
import type { Matrix } from "../../../src/core/index.js";
import type { Kernel } from "../../../src/kernels/index.js";
import { eigh } from "../../../src/linalg/index.js";

/** What {@link kernelLaws} may assume of a kernel. */
export interface KernelLawOptions {
  /** Points, one per row. */
  readonly points: Matrix;
  /** Factor of n ε · (largest diagonal entry) allowed in symmetry of cross and in positive semidefiniteness. */
  readonly factor?: number;
  /** Whether K is invariant under rotations of the first two coordinates (true for every network kernel). */
  readonly rotationInvariant?: boolean;
}

/**
 * Laws of every kernel: gram is symmetric and positive semidefinite, agrees with cross and diagonal, does not depend on the
 * order of the points, and for network kernels not on rotations. Returns the measured defects, so that tests can show them.
 */
export function kernelLaws(kernel: Kernel, options: KernelLawOptions): { psdDefect: number; rotationDefect: number } {
  const { points } = options;
  const n = points.rows;
  const K = kernel.gram(points);
  const diagonal = kernel.diagonal(points);
  const scale = diagonal.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  const allowed = (options.factor ?? 45) * n * Number.EPSILON * scale; // 45 ε is 1e-14
  for (let i = 0; i < n; i++) {
    expect(Math.abs(K.data[i * n + i] - diagonal[i])).toBeLessThanOrEqual(allowed);
    for (let j = 0; j < n; j++) expect(K.data[i * n + j]).toBe(K.data[j * n + i]);
  }
  const cross = kernel.cross(points, points);
  for (let i = 0; i < n * n; i++) expect(Math.abs(cross.data[i] - K.data[i])).toBeLessThanOrEqual(allowed);
  const smallest = n === 0 ? 0 : eigh(K, { vectors: false }).values[0];
  expect(smallest).toBeGreaterThanOrEqual(-allowed);
  const reversed: Matrix = { ...points, data: points.data.slice() };
  for (let i = 0; i < n; i++) {
    reversed.data.set(points.data.subarray(i * points.cols, (i + 1) * points.cols), (n - 1 - i) * points.cols);
  }
  const permuted = kernel.gram(reversed);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      expect(Math.abs(permuted.data[(n - 1 - i) * n + (n - 1 - j)] - K.data[i * n + j])).toBeLessThanOrEqual(allowed);
    }
  }
  let rotationDefect = 0;
  if (options.rotationInvariant !== false && points.cols >= 2) {
    const rotated: Matrix = { ...points, data: points.data.slice() };
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)];
    for (let i = 0; i < n; i++) {
      const at = i * points.cols;
      rotated.data[at] = c * points.data[at] - s * points.data[at + 1];
      rotated.data[at + 1] = s * points.data[at] + c * points.data[at + 1];
    }
    const turned = kernel.gram(rotated);
    for (let i = 0; i < n * n; i++) rotationDefect = Math.max(rotationDefect, Math.abs(turned.data[i] - K.data[i]));
  }
  return { psdDefect: Math.max(0, -smallest) / scale, rotationDefect: rotationDefect / scale };
}
