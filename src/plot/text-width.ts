/**
 * Upper estimate of the width of a text in pixels, from the advance widths of DejaVu Sans, the widest font of our
 * stack: layout without a browser must reserve room for it.
 */
export function textWidth(text: string, size: number, bold = false): number {
  let em = 0;
  for (const character of text) em += advance(character);
  return em * size * (bold ? 1.12 : 1);
}

function advance(character: string): number {
  if ("iIjl.,:;'|!·".includes(character)) return 0.34;
  if ('frt()[]/-"⁻⁰¹²³⁴⁵⁶⁷⁸⁹ '.includes(character)) return 0.42;
  if ("mwMW%@—→".includes(character)) return 1;
  if ("+−=<>≤≥×±≈∞".includes(character)) return 0.84;
  if (character >= "A" && character <= "Z") return 0.72;
  return 0.64;
}

/** Breaks a text into lines not wider than the given width; a single long word stays whole. */
export function wrapText(text: string, size: number, width: number, bold = false): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && textWidth(longer, size, bold) > width) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return line === "" ? lines : [...lines, line];
}
