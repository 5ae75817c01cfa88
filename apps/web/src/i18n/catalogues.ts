import type { Locale } from './locales.ts';
import type en from './messages-en.ts';

/** English is the one that keys are typed by; a test holds the other languages to it. */
export type Messages = typeof en;

/** All texts of one language. */
export async function loadMessages(locale: Locale): Promise<Messages> {
  switch (locale) {
    case 'de':
      return (await import('./messages-de.ts')).default;
    default:
      return (await import('./messages-en.ts')).default;
  }
}
