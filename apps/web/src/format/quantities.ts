/** Numbers as people read them, in their language. All pure. */

const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
function digitsFor(value: number): number {
  if (value >= 100 || Number.isInteger(value)) return 0;
  if (value >= 10) return 1;
  return value >= 0.1 ? 2 : 3;
}

const formatNumber = (value: number, locale: string): string =>
  new Intl.NumberFormat(locale, { maximumFractionDigits: digitsFor(Math.abs(value)) }).format(value);

/** Bytes in the largest binary unit (IEC 80000-13) of which there is at least one: `1.5 GiB`. */
export function formatBytes(bytes: number, locale: string): string {
  const exponent = bytes < 1024 ? 0 : Math.min(BINARY_UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${formatNumber(bytes / 1024 ** exponent, locale)} ${BINARY_UNITS[exponent]}`;
}

/** Bytes a second: `120 KiB/s`. */
export const formatRate = (bytesPerSecond: number, locale: string): string => `${formatBytes(bytesPerSecond, locale)}/s`;

/** Cores as a number without its unit: 1500 millicores are `1.5`. */
export const formatCores = (millicores: number, locale: string): string => formatNumber(millicores / 1000, locale);

/** A share of 1 as per cent. */
export const formatShare = (share: number, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 }).format(share);

export const formatCount = (count: number, locale: string): string => new Intl.NumberFormat(locale).format(count);
