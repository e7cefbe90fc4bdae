import { type SharedStore, routinesBackend, shareStore } from "../routines/index.js";
import type { StoreReference } from "./worker-protocol.js";

/** Numbers kept for the next calls (64 MB): fresh pages, and setting them up in every worker, cost up to a tenth of the work. */
const KEPT = 2 ** 23;

/** Stores kept beside each other, each with panels of its own for every worker: two calls of every kind. */
const MOST_KEPT = 8;

/** Sizes of stores that may come again are rounded up by at most an eighth, so that one serves many shapes. */
function rounded(size: number): number {
  const step = 1 << Math.max(0, 28 - Math.clz32(size));
  return isWorthKeeping(size) ? Math.ceil(size / step) * step : size;
}

/** Whether a store may come again after its call. */
export function isWorthKeeping(length: number): boolean {
  return length <= KEPT;
}

/** Holds an ordinary array for every store that lives. */
let counted: FinalizationRegistry<ArrayBuffer> | null = null;
/** V8 collects garbage after this many bytes of new arrays, so more need not be counted. */
const MOST_COUNTED = 2 ** 26;

/**
 * Makes the memory of a new store count as that of an ordinary array. V8 leaves shared memory out when it decides whether to
 * collect garbage, and a worker makes hardly any of its own: without this every store that does not come again stays
 * for good. The array that stands for it takes no memory, since nobody touches it.
 */
export function count({ memory }: SharedStore): void {
  const buffer = ("buffer" in memory ? memory.buffer : memory) as SharedArrayBuffer; // of a WebAssembly memory, or itself
  try {
    counted ??= new FinalizationRegistry<ArrayBuffer>(() => undefined);
    counted.register(buffer, new ArrayBuffer(Math.min(buffer.byteLength, MOST_COUNTED)));
  } catch {
    // No room to count it in, or an old engine: others will make it collect.
  }
}

/** The shared memories of a pool. */
export interface SharedStores {
  /** A store of at least this size with whatever an earlier call left in it, or null where memory cannot be shared. */
  borrow(length: number, longest: number): StoreReference | null;
  /** Takes one back that no worker uses any more. */
  giveBack(reference: StoreReference): void;
  /** Forgets one that a worker may still be using. */
  drop(reference: StoreReference): void;
  /** Stores that are in use or kept. */
  known(): number[];
  /** Forgets all that are kept. */
  forget(): void;
}

/** Makes the stores of a pool with so many workers. */
export function sharedStores(workers: number): SharedStores {
  let next = 0;
  /** Latest first. */
  let spares: StoreReference[] = [];
  const inUse = new Set<number>();
  /** Back end under which each was made. */
  const settings = new Map<number, string>();
  return {
    borrow: (length, longest) => {
      if (typeof SharedArrayBuffer !== "function") return null;
      const setting = routinesBackend();
      const found = spares
        .filter(({ id, store }) => store.length >= length && store.longest >= longest && settings.get(id) === setting)
        .sort((a, b) => a.store.length - b.store.length)[0] as StoreReference | undefined;
      if (found !== undefined) {
        spares = spares.filter((spare) => spare !== found);
        inUse.add(found.id);
        return found;
      }
      const store = shareStore(rounded(length), rounded(longest), workers);
      if (store === null) return null;
      count(store);
      const id = next++;
      inUse.add(id);
      settings.set(id, setting);
      return { id, store };
    },
    giveBack: (reference) => {
      inUse.delete(reference.id);
      let total = 0;
      spares = [reference, ...spares].filter(
        (spare, i) => isWorthKeeping((total += spare.store.length)) && i < MOST_KEPT,
      );
    },
    drop: (reference) => {
      inUse.delete(reference.id);
    },
    known: () => {
      const ids = [...inUse, ...spares.map((spare) => spare.id)];
      for (const id of settings.keys()) if (!ids.includes(id)) settings.delete(id);
      return ids;
    },
    forget: () => {
      spares = [];
    },
  };
}
