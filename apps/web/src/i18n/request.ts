import { cookies, headers } from 'next/headers';
import { getRequestConfig } from 'next-intl/server';
import { loadMessages } from './catalogues.ts';
import { chooseLocale, LOCALE_COOKIE } from './locales.ts';

export default getRequestConfig(async () => {
  const [jar, sent] = await Promise.all([cookies(), headers()]);
  const locale = chooseLocale(jar.get(LOCALE_COOKIE)?.value, sent.get('accept-language'));
  // Times are formatted in the browser only, in its own zone.
  return { locale, messages: await loadMessages(locale), timeZone: 'UTC' };
});
