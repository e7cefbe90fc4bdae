import { UnsupportedError } from "../core/index.js";

/** A worker of Node (with `on`) or of a browser (with `addEventListener`). */
export interface WorkerLike {
  /** Sends a message, moving the listed buffers. */
  postMessage(message: unknown, transfer: ArrayBufferLike[]): void;
  /** Ends the worker at once. */
  terminate(): unknown;
  /** Node: listens to "message", "messageerror", "error" and "exit". */
  on?(event: string, listener: (value: never) => void): unknown;
  /** Browsers: listens to "message", "messageerror" and "error". */
  addEventListener?(event: string, listener: (event: never) => void): unknown;
  /** Node: keeps the process alive. */
  ref?(): unknown;
  /** Node: lets the process end. */
  unref?(): unknown;
}

/** What is used of Node's modules worker_threads and os. */
interface NodeModule {
  readonly Worker?: new (source: string, options: { eval: boolean }) => WorkerLike;
  availableParallelism?(): number;
}

interface Scope {
  readonly process?: { getBuiltinModule?(name: string): NodeModule | undefined };
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly Worker?: new (url: string) => WorkerLike;
  readonly Blob?: new (parts: string[], options: { type: string }) => unknown;
  readonly URL?: { createObjectURL?(blob: unknown): string };
}

/** Threads that can run at once, as far as the platform says; null where it does not. */
export function processors(): number | null {
  const scope = globalThis as unknown as Scope;
  return (
    scope.navigator?.hardwareConcurrency ??
    scope.process?.getBuiltinModule?.("node:os")?.availableParallelism?.() ??
    null
  );
}

/** Address of the script in this page: one for all workers, since a Blob lives as long as it has an address. */
let address: string | null = null;

/** Starts a worker from the text of its script: worker_threads in Node, a Blob in browsers. */
export function startWorker(source: string): WorkerLike {
  const scope = globalThis as unknown as Scope;
  const NodeWorker = scope.process?.getBuiltinModule?.("node:worker_threads")?.Worker;
  if (NodeWorker !== undefined) return new NodeWorker(source, { eval: true });
  if (scope.Worker !== undefined && scope.Blob !== undefined && scope.URL?.createObjectURL !== undefined) {
    address ??= scope.URL.createObjectURL(new scope.Blob([source], { type: "text/javascript" }));
    return new scope.Worker(address);
  }
  throw new UnsupportedError({
    function: "workerPool",
    argument: "the platform",
    expected: "one with worker_threads or Web Workers",
    got: "neither",
    remedy: "pass createWorker",
  });
}

/** Calls back on messages, and when the worker fails, ends, or says what cannot be read (too large an answer, say). */
export function listen(
  worker: WorkerLike,
  onMessage: (data: unknown) => void,
  onEnd: (reason: string, remedy?: string) => void,
): void {
  if (worker.on !== undefined) {
    worker.on("message", onMessage);
    worker.on("messageerror", () => onEnd("an unreadable answer"));
    worker.on("error", (error: Error) => onEnd(error.message));
    worker.on("exit", (code: number) => onEnd(`exit code ${code}`));
  } else {
    worker.addEventListener?.("message", (event: { data: unknown }) => onMessage(event.data));
    worker.addEventListener?.("messageerror", () => onEnd("an unreadable answer"));
    worker.addEventListener?.("error", ({ message }: { message?: string }) => {
      if (message !== undefined) onEnd(message);
      // Without a message it is the script that was not loaded; another attempt would end in the same way.
      else onEnd("a script that was refused", "let the content security policy allow workers from blob: (worker-src)");
    });
  }
}
