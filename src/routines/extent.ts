import { ShapeError } from "../core/index.js";

/**
 * Checks that a rows x cols block at (offset, stride) lies inside an array: a read past the end of a typed array gives
 * undefined, hence NaN, without any error.
 *
 * @throws {ShapeError} when the block leaves the array
 */
export function requireBlock(
  array: Float64Array,
  offset: number,
  stride: number,
  rows: number,
  cols: number,
  argument: string,
  caller: string,
): void {
  if (rows === 0 || cols === 0) return;
  const last = offset + (rows - 1) * stride + cols - 1;
  if (offset >= 0 && stride >= 0 && last < array.length && rows > 0 && cols > 0) return;
  throw new ShapeError({
    function: caller,
    argument,
    expected: `long enough for a ${rows} x ${cols} block at offset ${offset} with stride ${stride}`,
    got: `length ${array.length}`,
  });
}

/**
 * Checks that `length` entries at (offset, step) lie inside an array.
 *
 * @throws {ShapeError} when they leave the array
 */
export function requireStrided(
  array: Float64Array,
  offset: number,
  step: number,
  length: number,
  argument: string,
  caller: string,
): void {
  if (length === 0) return;
  const last = offset + (length - 1) * step;
  if (length > 0 && offset >= 0 && offset < array.length && last >= 0 && last < array.length) return;
  throw new ShapeError({
    function: caller,
    argument,
    expected: `long enough for ${length} entries at offset ${offset} with step ${step}`,
    got: `length ${array.length}`,
  });
}
