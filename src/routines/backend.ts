import { ArgumentError, describe, requireOneOf } from "../core/index.js";
import { FUSED_BYTES, WASM_BYTES } from "./wasm-bytes.js";

/** Which back end the routines may use: "auto" takes WebAssembly where it compiles. */
export type RoutinesBackendChoice = "auto" | "js" | "wasm";

/** The functions of the WebAssembly module; addresses in bytes, sizes and strides in doubles. */
export interface WasmFunctions {
  multiplyPanels(
    left: number,
    right: number,
    out: number,
    rows: number,
    cols: number,
    depth: number,
    outStride: number,
    add: number,
  ): void;
  addPanels(
    left: number,
    right: number,
    out: number,
    rows: number,
    cols: number,
    depth: number,
    outStride: number,
    alpha: number,
    diagonal: number,
  ): void;
  packRows(source: number, rowStep: number, count: number, depth: number, target: number): void;
  packColumns(source: number, termStep: number, count: number, depth: number, target: number): void;
  rowSums(m: number, n: number, a: number, stride: number, x: number, sums: number): void;
  addTransposed(m: number, n: number, a: number, stride: number, t: number, y: number): void;
  addSymmetric(
    first: number,
    n: number,
    alpha: number,
    a: number,
    stride: number,
    x: number,
    y: number,
    factors: number,
  ): void;
  symmetricModulus(n: number, a: number, stride: number): number;
  zonalRow(t: number, count: number, k: number, table: number, weights: number, out: number): number;
  transposeBlock(x: number, rows: number, cols: number, stride: number, out: number, outStride: number): void;
  reflectRows(cols: number, count: number, reflectors: number, a: number, stride: number): void;
  reflectColumns(rows: number, count: number, reflectors: number, a: number, stride: number): void;
  solveForward(
    m: number,
    n: number,
    a: number,
    rowStep: number,
    colStep: number,
    unit: number,
    b: number,
    stride: number,
    room: number,
  ): void;
  innerProduct(n: number, x: number, y: number): number;
  rotate(n: number, x: number, y: number, c: number, s: number): void;
  pass2(x: number, y: number, w: number, span: number, m: number): void;
  pass3(x: number, y: number, w: number, span: number, m: number): void;
  pass4(x: number, y: number, w: number, span: number, m: number): void;
  pass5(x: number, y: number, w: number, span: number, m: number): void;
  pass7(x: number, y: number, w: number, span: number, m: number): void;
  passPrime(x: number, y: number, w: number, span: number, m: number, p: number, room: number): void;
  interleave(x: number, out: number, count: number): void;
  separate(x: number, out: number, count: number, divisor: number, bytes: number): void;
  splitSpectrum(x: number, imag: number, turns: number, half: number, out: number, outImag: number): number;
  joinSpectrum(x: number, imag: number, turns: number, half: number, out: number, outImag: number): void;
  leaveExchanged(x: number, imag: number, count: number, out: number, divisor: number): number;
  oddPass(x: number, y: number, w: number, m: number, p: number, room: number): void;
  oddSplit(x: number, out: number, imag: number, m: number, p: number): number;
  oddJoin(x: number, imag: number, out: number, m: number, p: number): void;
  oddEnd(x: number, y: number, w: number, m: number, p: number, room: number, divisor: number): number;
  gridRows(
    x: number,
    xImag: number,
    lines: number,
    n: number,
    y: number,
    yPitch: number,
    yImag: number,
    plan: number,
    order: number,
    w: number,
    panel: number,
  ): void;
  gridColumns(
    x: number,
    stride: number,
    imag: number,
    slabs: number,
    n: number,
    plan: number,
    order: number,
    w: number,
    panel: number,
  ): void;
  finishPart(x: number, count: number, divisor: number): number;
  powerLine(x: number, imag: number, n: number, y: number, yImag: number, order: number, w: number): void;
  powerRows(
    x: number,
    imag: number,
    lines: number,
    n: number,
    y: number,
    yPitch: number,
    yImag: number,
    order: number,
    w: number,
  ): void;
}

/** One instance of the module with a memory of its own, which is never grown: views of it stay valid. */
export interface WasmArena {
  /** The routines over this memory. */
  readonly functions: WasmFunctions;
  /** The whole memory as doubles. */
  readonly values: Float64Array;
  /** The memory itself. */
  readonly memory: WebAssembly.Memory;
}

/** First byte that callers may use; below it the module may keep data of its own. */
export const ARENA_START = 1024;
const PAGE = 65536;
/** A 32-bit memory ends at 4 GiB. */
const MOST_PAGES = 65536;

/** The WebAssembly modules of the routines in base64, as threads hand them on. */
export interface RoutinesBytes {
  /** The module of all routines. */
  readonly plain: string;
  /** The products with fused multiply-add. */
  readonly fused: string;
}

/** Empty in the script of a worker, which is handed them: it would carry them a second time otherwise. */
let bytes: RoutinesBytes = { plain: WASM_BYTES, fused: FUSED_BYTES };
let choice: RoutinesBackendChoice | null = null;
/** The compiled module; null once compiling was refused, undefined before the first attempt. */
let compiled: WebAssembly.Module | null | undefined;

/**
 * Chooses the back end of the routines: plain JavaScript or WebAssembly SIMD.
 *
 * Both give the same bits in every routine except the Fourier transform, where powers of two and lengths with a prime factor
 * above 31 agree to 4 ε log₂ n; so this switch is about speed alone. The environment variable EIGENSCOPE_BACKEND (js, wasm, auto) sets the initial choice; any other value counts as auto.
 * Where WebAssembly SIMD is missing or a compile is refused (content security policy), JavaScript is used.
 *
 * @param backend "auto" (the default) and "wasm" take WebAssembly where possible, "js" never does
 * @returns the back end in effect
 * @throws {OptionError} for another name
 *
 * @example
 * ```ts
 * import { routinesBackend, setRoutinesBackend } from "eigenscope/routines";
 * setRoutinesBackend("js");
 * console.log(routinesBackend()); // js
 * setRoutinesBackend("auto");
 * ```
 */
export function setRoutinesBackend(backend: RoutinesBackendChoice): "js" | "wasm" {
  choice = requireOneOf(backend, ["auto", "js", "wasm"] as const, "backend", "setRoutinesBackend");
  return routinesBackend();
}

/** The back end in effect. */
export function routinesBackend(): "js" | "wasm" {
  choice ??= initialChoice();
  return choice !== "js" && compiledModule() !== null ? "wasm" : "js";
}

/**
 * Compiles the WebAssembly routines asynchronously, for pages whose engine refuses the synchronous compile on the main
 * thread; elsewhere there is nothing to wait for.
 *
 * @returns the back end in effect afterwards
 */
export async function prepareRoutines(): Promise<"js" | "wasm"> {
  if (compiledModule() === null) {
    try {
      compiled = await WebAssembly.compile(decode(bytes.plain));
    } catch {
      compiled = null; // No WebAssembly SIMD here, or it is forbidden: JavaScript gives the same results.
    }
  }
  return routinesBackend();
}

/**
 * What a thread whose script came without the WebAssembly modules needs to run them.
 *
 * @returns the modules, to be given to {@link takeRoutinesBytes} there
 */
export function routinesBytes(): RoutinesBytes {
  return bytes;
}

/**
 * Takes the WebAssembly modules that another thread sent, in place of its own.
 *
 * @param sent what {@link routinesBytes} gave there
 */
export function takeRoutinesBytes(sent: RoutinesBytes): void {
  bytes = sent;
  // Whatever could not be compiled before may be now.
  compiled ??= undefined;
  fusedCompiled ??= undefined;
}

let fusedAllowed = false;
let fusedCompiled: WebAssembly.Module | null | undefined;

/**
 * Allows or forbids fused multiply-add in matrix products and in {@link symv}; forbidden at the start.
 *
 * **Bits change**: a fused product rounds once per term instead of twice, so results differ in the last digits from those of
 * every other configuration, and between machines with and without such an instruction. Products get up to twice as fast,
 * `symv` a sixth to a quarter faster. The engine must know relaxed SIMD (Node 22 and later, browsers since 2023 to 2024); elsewhere nothing changes.
 *
 * @param allowed whether products may be fused
 * @returns whether they are
 * @throws {ArgumentError} when allowed is not a boolean
 *
 * Accuracy: the same bound as {@link gemm}.
 * @example
 * ```ts
 * import { allowFusedMultiplyAdd } from "eigenscope/routines";
 * console.log(allowFusedMultiplyAdd(false)); // false
 * ```
 */
export function allowFusedMultiplyAdd(allowed: boolean): boolean {
  if (typeof allowed !== "boolean") {
    const details = { function: "allowFusedMultiplyAdd", argument: "allowed", expected: "a boolean" };
    throw new ArgumentError({ ...details, got: describe(allowed) });
  }
  fusedAllowed = allowed;
  return fusedInEffect();
}

/** Whether matrix products are fused now. */
export function fusedInEffect(): boolean {
  return fusedAllowed && routinesBackend() === "wasm" && fusedModule() !== null;
}

function fusedModule(): WebAssembly.Module | null {
  if (fusedCompiled === undefined) {
    try {
      fusedCompiled = new WebAssembly.Module(decode(bytes.fused));
    } catch {
      fusedCompiled = null; // No relaxed SIMD in this engine.
    }
  }
  return fusedCompiled;
}

/** How a module imports its memory: "env" "memory", kind 2. */
const MEMORY_IMPORT = [3, 101, 110, 118, 6, 109, 101, 109, 111, 114, 121, 2];
const sharedModules = new WeakMap<WebAssembly.Module, WebAssembly.Module | null>();

/**
 * The same module for a memory that threads share: the bytes differ only in how the memory is imported (flag 3 and a
 * maximum), so the code, and with it every bit of a result, is the same. Null where threads are refused.
 */
function sharedModule(plain: WebAssembly.Module, base64: string): WebAssembly.Module | null {
  const known = sharedModules.get(plain);
  if (known !== undefined) return known;
  let made: WebAssembly.Module | null = null;
  const code = Array.from(decode(base64));
  const at = code.findIndex((_, i) => MEMORY_IMPORT.every((byte, k) => code[i + k] === byte));
  const limits = at + MEMORY_IMPORT.length;
  // Before it: section 2, its length, one import. A module of another shape is left alone.
  if (at > 2 && code[at - 3] === 2 && code[at - 1] === 1 && code[limits] === 0) {
    code[at - 2] += 3;
    code[limits] = 3;
    code.splice(limits + 2, 0, 0x80, 0x80, 0x04); // at most 65,536 pages
    try {
      made = new WebAssembly.Module(Uint8Array.from(code));
    } catch {
      made = null; // An engine without threads.
    }
  }
  sharedModules.set(plain, made);
  return made;
}

/** Whether a memory is one that threads share. */
function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer === "function" && memory.buffer instanceof SharedArrayBuffer;
}

/** The functions that exist in fused form too. */
export type FusedFunctions = Pick<WasmFunctions, "multiplyPanels" | "addPanels" | "addSymmetric">;

/** The fused products over a memory, or null where they do not compile. */
export function fusedProducts(memory: WebAssembly.Memory): FusedFunctions | null {
  const plain = fusedModule();
  if (plain === null) return null;
  const module = isShared(memory) ? sharedModule(plain, bytes.fused) : plain;
  if (module === null) return null;
  const exports = instantiate(module, memory);
  if (exports === null) return null;
  const { multiplyPanels, addPanels, addSymmetric } = exports as unknown as FusedFunctions;
  return { multiplyPanels, addPanels, addSymmetric };
}

function initialChoice(): RoutinesBackendChoice {
  const scope = globalThis as { readonly process?: { readonly env?: Record<string, string | undefined> } };
  const name = scope.process?.env?.["EIGENSCOPE_BACKEND"];
  return name === "js" || name === "wasm" ? name : "auto";
}

function compiledModule(): WebAssembly.Module | null {
  if (compiled === undefined) {
    try {
      compiled = new WebAssembly.Module(decode(bytes.plain));
    } catch {
      compiled = null; // Refused or unknown: JavaScript gives the same results.
    }
  }
  return compiled;
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const code = new Uint8Array(text.length);
  for (let i = 0; i < code.length; i++) code[i] = text.charCodeAt(i);
  return code;
}

/**
 * A fresh instance with room for a number of doubles after ARENA_START, or null when the JavaScript back end is in
 * effect, the size is beyond a 32-bit memory or the memory is refused.
 */
export function createArena(doubles: number): WasmArena | null {
  const memory = createMemory(doubles, false);
  return memory === null ? null : arenaOver(memory);
}

/** A memory as {@link createArena} makes it, on request one that threads share; null where there is none. */
export function createMemory(doubles: number, shared: boolean): WebAssembly.Memory | null {
  const pages = Math.ceil((ARENA_START + 8 * doubles) / PAGE);
  if (routinesBackend() === "js" || pages > MOST_PAGES) return null;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch {
    return null; // Out of address space or memory, or sharing is forbidden: ordinary arrays still work.
  }
}

/** The routines over a memory that exists; null where they do not compile. */
export function arenaOver(memory: WebAssembly.Memory): WasmArena | null {
  const plain = compiledModule();
  if (routinesBackend() === "js" || plain === null) return null;
  const module = isShared(memory) ? sharedModule(plain, bytes.plain) : plain;
  if (module === null) return null;
  const functions = instantiate(module, memory) as unknown as WasmFunctions | null;
  return functions === null ? null : { functions, values: new Float64Array(memory.buffer), memory };
}

/** The exports over a memory; null where an engine compiles but does not instantiate at once. */
function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): WebAssembly.Exports | null {
  try {
    return new WebAssembly.Instance(module, { env: { memory } }).exports;
  } catch {
    return null; // Ordinary arrays and JavaScript still work.
  }
}
