import type { Matrix } from "../core/index.js";

/** Sizes of a convolution after binding; a sequence is an image of height 1. */
export interface Geometry {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly tall: number;
  readonly wide: number;
  readonly stride: number;
  readonly padTop: number;
  readonly padLeft: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** The linear map from images to patches: column p holds the pixels under the kernel at output position p. */
export interface PatchMap {
  /** Taps of the kernel: channels · height · width of it. */
  readonly taps: number;
  /** Output positions. */
  readonly positions: number;
  /** Samples whose patches stand side by side in one product, so that its shape suits a GEMM. */
  readonly group: number;
  /** Patches of `count` samples from `first` on, taps x (count · positions), in a buffer that the next call overwrites. */
  gather(images: Matrix, first: number, count: number): Float64Array;
  /** A second such buffer, for products that need two sets of patches at once or the cotangents of patches. */
  readonly scratch: Float64Array;
  /** Adds the transpose of `gather` of `scratch` to the images: overlapping taps add up. */
  scatter(first: number, count: number, images: Matrix): void;
}

/** Columns of a product below which several samples are taken together. */
const COLUMNS = 64;
/** Numbers in each entry of the list of stretches: tap, output position, pixel, length. */
const FIELDS = 4;

/**
 * Prepares the patches of one geometry.
 *
 * For each tap and output row the pixels that lie inside the image form one stretch; where a tap falls outside, the buffer stays at its
 * initial zero, so that every call copies the same stretches and clears nothing.
 */
export function createPatchMap(g: Geometry): PatchMap {
  const taps = g.channels * g.tall * g.wide;
  const positions = g.outHeight * g.outWidth;
  const group = Math.max(1, Math.floor(COLUMNS / positions));
  const stretches = listStretches(g);
  const size = g.channels * g.height * g.width;
  let buffer = new Float64Array(0); // patches, taps x (group · positions), at the first use
  let second = new Float64Array(0);
  let zeroed = -1; // samples side by side for which the zeros of `buffer` are in place
  return {
    taps,
    positions,
    group,
    get scratch() {
      if (second.length === 0) second = new Float64Array(taps * group * positions);
      return second;
    },
    gather(images, first, count) {
      if (buffer.length === 0) buffer = new Float64Array(taps * group * positions);
      // A last group of fewer samples has shorter rows: the zeros outside the image stand elsewhere.
      if (zeroed !== count) buffer.fill(0);
      zeroed = count;
      const row = count * positions;
      const { data } = images;
      const { stride } = g;
      for (let s = 0; s < count; s++) {
        const image = (first + s) * size;
        for (let e = 0; e < stretches.length; e += FIELDS) {
          const to = stretches[e] * row + s * positions + stretches[e + 1];
          const from = image + stretches[e + 2];
          const length = stretches[e + 3];
          if (stride === 1) for (let t = 0; t < length; t++) buffer[to + t] = data[from + t];
          else for (let t = 0; t < length; t++) buffer[to + t] = data[from + t * stride];
        }
      }
      return buffer;
    },
    scatter(first, count, images) {
      const row = count * positions;
      const { data } = images;
      const { stride } = g;
      for (let s = 0; s < count; s++) {
        const image = (first + s) * size;
        for (let e = 0; e < stretches.length; e += FIELDS) {
          const from = stretches[e] * row + s * positions + stretches[e + 1];
          const to = image + stretches[e + 2];
          const length = stretches[e + 3];
          for (let t = 0; t < length; t++) data[to + t * stride] += second[from + t];
        }
      }
    },
  };
}

/** [tap, first position, first pixel, length] of every stretch inside the image. */
function listStretches(g: Geometry): Int32Array {
  const list: number[] = [];
  for (let c = 0; c < g.channels; c++) {
    for (let a = 0; a < g.tall; a++) {
      for (let b = 0; b < g.wide; b++) {
        // Positions q whose pixel q · stride + b − padLeft lies in [0, width).
        const first = Math.max(0, Math.ceil((g.padLeft - b) / g.stride));
        const last = Math.min(g.outWidth - 1, Math.floor((g.width - 1 + g.padLeft - b) / g.stride));
        if (last < first) continue;
        for (let p = 0; p < g.outHeight; p++) {
          const y = p * g.stride + a - g.padTop;
          if (y < 0 || y >= g.height) continue;
          list.push(
            (c * g.tall + a) * g.wide + b,
            p * g.outWidth + first,
            (c * g.height + y) * g.width + first * g.stride + b - g.padLeft,
            last - first + 1,
          );
        }
      }
    }
  }
  return Int32Array.from(list);
}
