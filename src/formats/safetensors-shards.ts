import { FormatError, describe } from "../core/index.js";
import { type ByteInput, type ByteSource, openSource, readWhole } from "./source.js";

const MAXIMUM_INDEX_BYTES = 100_000_000;

/** Opens the files of a checkpoint: one file, the shards as a list, or the shards that an index names. */
export async function openShards(
  input: ByteInput | readonly ByteInput[],
  caller: string,
): Promise<readonly ByteSource[]> {
  const inputs = Array.isArray(input) ? (input as readonly ByteInput[]) : [input as ByteInput];
  const sources: ByteSource[] = [];
  try {
    for (const one of inputs) {
      if (typeof one === "string" && one.endsWith(".json")) {
        for (const path of await shardPaths(one, caller)) sources.push(await openSource(path, caller));
      } else {
        sources.push(await openSource(one, caller));
      }
    }
  } catch (error) {
    for (const source of sources) await source.close();
    throw error;
  }
  return sources;
}

/** Paths of the shards of `model.safetensors.index.json`: names without folders, beside the index. */
async function shardPaths(index: string, caller: string): Promise<readonly string[]> {
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
  const names = new Set<string>();
  for (const name of Object.values(map)) {
    // A name with a folder could reach any file of the machine.
    if (typeof name !== "string" || !/^[^/\\:]+\.safetensors$/.test(name))
      throw fail("a weight_map to plain names of .safetensors files", describe(name));
    names.add(name);
  }
  const folder = index.replace(/[^/\\]*$/, "");
  return Array.from(names, (name) => `${folder}${name}`);
}
