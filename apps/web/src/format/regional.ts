/**
 * The reader's own variant of the dashboard's language: English has a 12-hour clock in one country and a 24-hour one in another.
 * @param preferred languages of the browser (BCP 47), best first
 */
export const regionalLocale = (language: string, preferred: readonly string[]): string =>
  preferred.find((tag) => tag === language || tag.startsWith(`${language}-`)) ?? language;
