/** Room for one large thing that stays only as long as nothing else needs the memory. */
export interface WeakSlot<T> {
  /** What was put in last, null when it is gone. */
  get(): T | null;
  /** Puts something else in its place; null drops what is in it. */
  set(value: T | null): void;
}

/**
 * Makes room for the last of several large things, such as tables of long transforms.
 *
 * Whatever a WeakRef is made of, or gives back, stays until the current job ends: a loop that made one per length would
 * keep them all, gigabytes in a second. So the reference is to a holder, and the holder has only the last one.
 *
 * @returns the slot, empty
 *
 * @example
 * ```ts
 * import { createWeakSlot } from "eigenscope/routines";
 * const slot = createWeakSlot<Float64Array>();
 * slot.set(new Float64Array(1000));
 * console.log(slot.get()?.length); // 1000
 * ```
 */
export function createWeakSlot<T>(): WeakSlot<T> {
  let reference: WeakRef<{ value: T | null }> | null = null;
  return {
    get: () => reference?.deref()?.value ?? null,
    set: (value) => {
      const holder = reference?.deref();
      if (holder !== undefined) holder.value = value;
      else if (value !== null) reference = new WeakRef({ value });
    },
  };
}
