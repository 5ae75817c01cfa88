export const LOCALES = ['en', 'de'] as const;
export type Locale = (typeof LOCALES)[number];

/** The name tells it as Cloudless' own: no app ever gets to see it. */
export const LOCALE_COOKIE = 'cloudless-locale';

/** Each language by its own name. */
export const LOCALE_NAMES: Readonly<Record<Locale, string>> = { en: 'English', de: 'Deutsch' };

const isLocale = (value: string | undefined): value is Locale => LOCALES.some((locale) => locale === value);

/** Languages of an `Accept-Language` header (RFC 9110 §12.5.4), the most wanted first. */
function readAccepted(header: string): readonly string[] {
  return header
    .slice(0, 1000)
    .split(',')
    .map((part) => {
      const [tag = '', quality] = part.trim().split(/\s*;\s*q=/);
      return { tag: tag.toLowerCase(), quality: quality === undefined ? 1 : Number(quality) || 0 };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((one, other) => other.quality - one.quality)
    .map(({ tag }) => tag.split('-')[0] ?? '');
}

/** The language to speak: the one chosen, else the first that the browser asks for, else English. */
export function chooseLocale(cookie: string | undefined, acceptLanguage: string | null): Locale {
  if (isLocale(cookie)) return cookie;
  return readAccepted(acceptLanguage ?? '').find(isLocale) ?? 'en';
}
