import {
  ArgumentError,
  FormatError,
  UnsupportedError,
  describe,
  requireInteger,
  requireOptions,
} from "../core/index.js";

/** The part of a browser Blob or File that the readers use. */
export interface BlobLike {
  /** Name of a File; Blobs have none. */
  readonly name?: string;
  /** Length in bytes. */
  readonly size: number;
  /** Bytes start … end − 1, read when arrayBuffer is called. */
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

/** What the asynchronous readers take: bytes, a Blob or File, or (in Node) a path. */
export type ByteInput = Uint8Array | ArrayBuffer | BlobLike | string;

/** Random access to bytes, wherever they are. */
export interface ByteSource {
  /** Path or name of the File; "" for bytes and Blobs. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** Whether `read` gives memory of its own; else a view of the caller's bytes, which must not be kept. */
  readonly fresh: boolean;
  /** Reads bytes start … end − 1. */
  read(start: number, end: number): Promise<Uint8Array>;
  /** Releases the file handle, if any. */
  close(): Promise<void>;
}

/** The few functions of node:fs/promises that are used, reached without an import so that browsers can bundle this. */
interface FileSystem {
  open(path: string, flags: "r"): Promise<FileHandle>;
}
interface FileHandle {
  stat(): Promise<{ readonly size: number; isFile(): boolean }>;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

function fileSystem(caller: string): FileSystem {
  const host = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
  const module = host.process?.getBuiltinModule?.("node:fs/promises");
  if (module === undefined) {
    throw new UnsupportedError({
      function: caller,
      argument: "input",
      expected: "bytes or a Blob outside Node",
      got: "a path",
      remedy: "pass the File from an <input> or a drop event, or run Node 20.16 or later",
    });
  }
  return module as FileSystem;
}

function isBlobLike(input: unknown): input is BlobLike {
  const candidate = input as Partial<BlobLike> | null;
  return (
    typeof candidate === "object" &&
    candidate !== null &&
    typeof candidate.size === "number" &&
    typeof candidate.slice === "function"
  );
}

/** The bytes of an in-memory input, without copying, or null when it is a Blob or a path. */
export function bytesOf(input: unknown): Uint8Array | null {
  if (input instanceof Uint8Array) return input;
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  return null;
}

/**
 * Checks the input of a synchronous reader.
 *
 * @throws {ArgumentError} when it is not bytes
 */
export function requireBytes(input: unknown, caller: string): Uint8Array {
  const bytes = bytesOf(input);
  if (bytes !== null) return bytes;
  throw new ArgumentError({
    function: caller,
    argument: "bytes",
    expected: "a Uint8Array or ArrayBuffer",
    got: describe(input),
    remedy: `use ${caller.replace(/Sync$/, "")} for paths and Blobs`,
  });
}

async function openFile(path: string, caller: string): Promise<ByteSource> {
  let handle: FileHandle;
  try {
    handle = await fileSystem(caller).open(path, "r");
  } catch (error) {
    if (error instanceof UnsupportedError) throw error;
    const code = (error as { code?: unknown }).code;
    throw new ArgumentError({
      function: caller,
      argument: "input",
      expected: "the path of a readable file",
      got: `${JSON.stringify(path)} (${typeof code === "string" ? code : String(error)})`,
    });
  }
  const status = await handle.stat();
  if (!status.isFile()) {
    await handle.close();
    throw new ArgumentError({
      function: caller,
      argument: "input",
      expected: "the path of a file",
      got: `${JSON.stringify(path)}, not a regular file`,
    });
  }
  return {
    name: path,
    size: status.size,
    fresh: true,
    async read(start, end) {
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
        if (bytesRead === 0) {
          throw new FormatError({
            function: caller,
            argument: "input",
            expected: `${status.size} bytes long, as when it was opened`,
            got: `end of file at byte ${start + filled}`,
          });
        }
        filled += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

/**
 * Opens bytes, a Blob or a path for reading by ranges.
 *
 * @throws {ArgumentError} when the input is none of these or the file cannot be opened
 * @throws {UnsupportedError} for a path outside Node
 */
export async function openSource(input: ByteInput, caller: string): Promise<ByteSource> {
  if (typeof input === "string") return openFile(input, caller);
  const bytes = bytesOf(input);
  if (bytes !== null) {
    return {
      name: "",
      size: bytes.length,
      fresh: false,
      read: async (start, end) => bytes.subarray(start, end),
      close: async () => undefined,
    };
  }
  if (isBlobLike(input)) {
    return {
      name: typeof input.name === "string" ? input.name : "",
      size: input.size,
      fresh: true,
      read: async (start, end) => new Uint8Array(await input.slice(start, end).arrayBuffer()),
      close: async () => undefined,
    };
  }
  throw new ArgumentError({
    function: caller,
    argument: "input",
    expected: "a Uint8Array, an ArrayBuffer, a Blob or a path",
    got: describe(input),
  });
}

/** A parser that asks for ranges of bytes: written once, run on bytes or on a source. */
export type Reading<T> = Generator<readonly [number, number], T, Uint8Array>;

/** Runs a parser on bytes in memory. */
export function readAllSync<T>(reading: Reading<T>, bytes: Uint8Array): T {
  let step = reading.next();
  while (step.done !== true) step = reading.next(bytes.subarray(...step.value));
  return step.value;
}

/** Runs a parser on a source. */
export async function readAll<T>(reading: Reading<T>, source: ByteSource): Promise<T> {
  let step = reading.next();
  while (step.done !== true) step = reading.next(await source.read(...step.value));
  return step.value;
}

/** Reads a whole source that must not exceed a cap, then closes it. */
export async function readWhole(
  input: ByteInput,
  maximumBytes: number,
  caller: string,
): Promise<{ readonly bytes: Uint8Array; readonly name: string }> {
  const source = await openSource(input, caller);
  try {
    requireWithinCap(source.size, maximumBytes, "input", caller);
    return { bytes: await source.read(0, source.size), name: source.name };
  } finally {
    await source.close();
  }
}

/** Largest number of bytes the readers unpack or hold unless told otherwise: 2 GiB. */
const DEFAULT_MAXIMUM_BYTES: number = 2 ** 31;

/** Throws when a size exceeds the caller's cap. */
export function requireWithinCap(size: number, maximumBytes: number, argument: string, caller: string): void {
  if (size <= maximumBytes) return;
  throw new FormatError({
    function: caller,
    argument,
    expected: `at most maximumBytes = ${maximumBytes} bytes`,
    got: `${size} bytes`,
    remedy: "raise maximumBytes if you trust the file",
  });
}

/** Options of the readers that unpack whole files. */
export interface UnpackOptions {
  /** Largest size of the file, packed and unpacked, in bytes; default 2 GiB. */
  readonly maximumBytes?: number;
}

/** The cap, checked. */
export function capOf(options: UnpackOptions, caller: string): number {
  requireOptions(options, ["maximumBytes"], caller);
  return requireInteger(options.maximumBytes ?? DEFAULT_MAXIMUM_BYTES, "maximumBytes", caller, 1);
}
