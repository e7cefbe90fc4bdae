/** What the browser sees of a figure, measured in the page. */
export interface Seen {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly drawn: number;
  readonly overlaps: string[];
  readonly outside: string[];
  readonly contrast: number;
}

/** Runs in the page, as text: sizes, overlapping or cut-off texts, and the least contrast of a text with the paper. */
export const MEASURE: string = `(() => {
  const channel = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const luminance = (color) => {
    const [r, g, b] = color.match(/[0-9.]+/g).map((v) => channel(Number(v) / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return [...document.querySelectorAll("svg.es-figure")].map((svg) => {
    const whole = svg.getBoundingClientRect();
    const paper = luminance(getComputedStyle(svg.querySelector("rect")).fill);
    const texts = [...svg.querySelectorAll("text")].map((text) => ({ text: text.textContent, box: text.getBoundingClientRect(), fill: getComputedStyle(text).fill }));
    const overlaps = [];
    texts.forEach((a, i) => texts.slice(i + 1).forEach((b) => {
      const across = Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left);
      const down = Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top);
      if (across > 1 && down > 4) overlaps.push(a.text + " | " + b.text); // boxes hold the line's leading: 4 px of it may touch
    }));
    const outside = texts.filter(({ box }) => box.left < whole.left - 1 || box.right > whole.right + 1 || box.top < whole.top - 1 || box.bottom > whole.bottom + 1).map(({ text }) => text);
    const contrast = Math.min(...texts.map(({ fill }) => {
      const l = luminance(fill);
      return (Math.max(l, paper) + 0.05) / (Math.min(l, paper) + 0.05);
    }));
    const drawn = [...svg.querySelectorAll("path, rect")].filter((part) => part.getBoundingClientRect().width > 1).length;
    return { id: svg.id, width: whole.width, height: whole.height, drawn, overlaps, outside, contrast };
  });
})()`;
