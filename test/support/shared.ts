import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

/** Where the real data lie: EIGENSCOPE_SHARED, or ../shared beside the checkout. */
export const sharedFolder: string = resolve(process.env["EIGENSCOPE_SHARED"] ?? "../shared");

/** Path of a real data file, or null when the folder is not there. */
export function sharedData(name: string): string | null {
  const path = resolve(sharedFolder, "data", name);
  return existsSync(path) ? path : null;
}

/** Text for skipped tests: says in one line what is missing. */
export const sharedMissing: string = `real data not found in ${sharedFolder}/data: set EIGENSCOPE_SHARED to run this test`;

/** A committed fixture. Each has `origin` saying which reference file and keys it was cut from, or its generator. */
export function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8")) as T;
}
