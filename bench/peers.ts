// JavaScript peers, loaded if installed; null means "not measured".
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** A package by its name with its version, or null. */
export function peer<T>(name: string): { readonly module: T; readonly label: string } | null {
  try {
    const module = require(name) as T;
    return { module, label: `${name} ${version(name)}` };
  } catch {
    return null;
  }
}

/** A package that is an ES module. */
export async function peerModule<T>(name: string): Promise<{ readonly module: T; readonly label: string } | null> {
  try {
    return { module: (await import(name)) as T, label: `${name} ${version(name)}` };
  } catch {
    return null;
  }
}

function version(name: string): string {
  for (const base of require.resolve.paths(name) ?? []) {
    try {
      return (require(`${base}/${name}/package.json`) as { version: string }).version;
    } catch {
      // Not under this folder: try the next.
    }
  }
  return "";
}
