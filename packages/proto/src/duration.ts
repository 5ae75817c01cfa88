const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `500ms`, `15s`, `5m`, `1h`, `2d` in ms; `0` needs no unit. `undefined` when it is none. */
export function parseDuration(text: string): number | undefined {
  if (text.trim() === '0') return 0;
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  const scale = UNIT_MS[unit];
  return scale === undefined ? undefined : Math.round(Number(digits) * scale);
}

/** The shortest whole text that `parseDuration` reads as the same. */
export function writeDuration(ms: number): string {
  const unit = Object.entries(UNIT_MS).findLast(([, scale]) => ms > 0 && ms % scale === 0);
  return unit ? `${ms / unit[1]}${unit[0]}` : '0';
}
