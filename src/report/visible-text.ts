/** Control characters, line separators and marks that turn the direction of writing: what changes a screen instead of showing. */
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g; // eslint-disable-line no-control-regex

/**
 * Makes a text safe to print on a terminal: what would move the cursor, change colours or turn the direction is shown as
 * \x1b or \u202e. Names in files of others may hold anything.
 *
 * Relation: text without such characters comes back as it is; the result never holds one.
 *
 * @example
 * ```ts
 * import { visibleText } from "eigenscope/report";
 * console.log(visibleText("layer\u001b[31m")); // layer\x1b[31m
 * ```
 */
export function visibleText(text: string): string {
  return text.replace(INVISIBLE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
