import { FormatError, describe } from "../core/index.js";
import { type ByteInput, type ByteSource, openSource, readWhole } from "./source.js";

const MAXIMUM_INDEX_BYTES = 100_000_000;

/** A file of a checkpoint. */
export interface Shard {
  /** Its bytes. */
  readonly source: ByteSource;
  /** Names of tensors that an index promises to be in it; empty without an index. */
  readonly promised: readonly string[];
}

/** Opens the files of a checkpoint: one file, the shards as a list, or the shards that an index names. */
export async function openShards(input: ByteInput | readonly ByteInput[], caller: string): Promise<readonly Shard[]> {
  const inputs = Array.isArray(input) ? (input as readonly ByteInput[]) : [input as ByteInput];
  const shards: Shard[] = [];
  try {
    for (const one of inputs) {
      if (typeof one === "string" && one.endsWith(".json")) {
        for (const [path, promised] of await shardPaths(one, caller))
          shards.push({ source: await openSource(path, caller), promised });
      } else {
        shards.push({ source: await openSource(one, caller), promised: [] });
      }
    }
  } catch (error) {
    for (const { source } of shards) await source.close();
    throw error;
  }
  return shards;
}

/** Throws when a shard lacks a tensor that the index places in it. */
export function requirePromised({ source, promised }: Shard, found: ReadonlySet<string>, caller: string): void {
  const missing = promised.find((name) => !found.has(name));
  if (missing === undefined) return;
  throw new FormatError({
    function: caller,
    argument: "index",
    expected: `a weight_map to files that hold the tensors, ${describe(missing)} in ${JSON.stringify(source.name)}`,
    got: "a file without it",
    remedy: "index and shards do not belong together",
  });
}

/** Paths of the shards of `model.safetensors.index.json`, names without folders beside the index, and what each holds. */
async function shardPaths(index: string, caller: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const { bytes } = await readWhole(index, MAXIMUM_INDEX_BYTES, caller);
  const fail = (expected: string, got: string): FormatError =>
    new FormatError({ function: caller, argument: "index", expected, got });
  let map: unknown;
  try {
    map = (JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)) as { weight_map?: unknown } | null)
      ?.weight_map;
  } catch (error) {
    throw fail("a JSON file", error instanceof Error ? error.message : String(error));
  }
  if (map === null || typeof map !== "object" || Array.isArray(map))
    throw fail("an object with a weight_map of tensor names to file names", describe(map));
  const folder = index.replace(/[^/\\]*$/, "");
  const held = new Map<string, string[]>();
  for (const [tensor, name] of Object.entries(map as Record<string, unknown>)) {
    // A name with a folder could reach any file of the machine.
    if (typeof name !== "string" || !/^[^/\\:]+\.safetensors$/.test(name))
      throw fail("a weight_map to plain names of .safetensors files", describe(name));
    const path = `${folder}${name}`;
    const list = held.get(path);
    if (list === undefined) held.set(path, [tensor]);
    else list.push(tensor);
  }
  return held;
}
