import { routinesBackend, shareStore } from "../routines/index.js";
import type { StoreReference } from "./worker-protocol.js";

/** Numbers kept for the next calls (64 MB): fresh pages, and setting them up in every worker, cost up to a tenth of the work. */
const KEPT = 2 ** 23;

/** Whether a store may come again after its call. */
export function isWorthKeeping(length: number): boolean {
  return length <= KEPT;
}

/** The shared memories of a pool. */
export interface SharedStores {
  /** A store with whatever an earlier call left in it, or null where memory cannot be shared. */
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
      const setting = routinesBackend();
      const found = spares.find(
        ({ id, store }) => store.length === length && store.longest === longest && settings.get(id) === setting,
      );
      if (found !== undefined) {
        spares = spares.filter((spare) => spare !== found);
        inUse.add(found.id);
        return found;
      }
      const store = shareStore(length, longest, workers);
      if (store === null) return null;
      const id = next++;
      inUse.add(id);
      settings.set(id, setting);
      return { id, store };
    },
    giveBack: (reference) => {
      inUse.delete(reference.id);
      spares.unshift(reference);
      let total = 0;
      spares = spares.filter((spare) => isWorthKeeping((total += spare.store.length)));
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
