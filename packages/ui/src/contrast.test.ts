import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const CSS = readFileSync(join(import.meta.dirname, 'styles.css'), 'utf8');

/** OKLCH to relative luminance: OKLab to linear sRGB after B. Ottosson (2020), luminance after WCAG 2.2. */
function luminanceOf(lightness: number, chroma: number, hueDegrees: number): number {
  const hue = (hueDegrees * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(hue), chroma * Math.sin(hue)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clamp = (value: number): number => Math.min(1, Math.max(0, value));
  const red = clamp(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = clamp(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = clamp(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function readTokens(selector: string): ReadonlyMap<string, number> {
  const block = CSS.slice(CSS.indexOf(`${selector} {`)).split('}', 1)[0] ?? '';
  return new Map(
    [...block.matchAll(/--([\w-]+): oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)/g)].map(([, name = '', l, c, h]) => [
      name,
      luminanceOf(Number(l), Number(c), Number(h)),
    ]),
  );
}

const GROUNDS = ['canvas', 'surface', 'sunken', 'raised'];
const TONES = ['good', 'busy', 'warn', 'bad', 'idle'];
const PAIRS: readonly (readonly [text: string, ground: string])[] = [
  ...['ink', 'ink-soft'].flatMap((text) => [...GROUNDS, ...TONES.map((tone) => `${tone}-soft`)].map((ground) => [text, ground] as const)),
  ...['accent', ...TONES].flatMap((text) => GROUNDS.map((ground) => [text, ground] as const)),
  ...TONES.map((tone) => [tone, `${tone}-soft`] as const),
  ['on-accent', 'accent'],
  ['on-accent', 'accent-strong'],
  ['on-accent', 'bad'],
  ['on-accent', 'bad-strong'],
  ['canvas', 'ink'],
];

describe.each([
  ['light', ':root'],
  ['dark', '.dark'],
])('the %s look', (_name, selector) => {
  const tokens = readTokens(selector);
  const ratio = (one: string, other: string): number => {
    const [dark = 0, light = 0] = [tokens.get(one) ?? Number.NaN, tokens.get(other) ?? Number.NaN].toSorted((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  it('has every text readable on every ground (4.5:1)', () => {
    const poor = PAIRS.map(([text, ground]) => ({ pair: `${text} on ${ground}`, ratio: ratio(text, ground) })).filter(
      (each) => !(each.ratio >= 4.5),
    );
    expect(poor).toEqual([]);
  });
  it('has edges of controls that can be seen (3:1)', () => {
    expect(GROUNDS.filter((ground) => !(ratio('line-strong', ground) >= 3))).toEqual([]);
  });
});
