import { cookies } from 'next/headers';
import type { ReactNode } from 'react';
import { Shell } from '#web/shell/shell.tsx';

/** As better-auth names it; over HTTPS with a prefix. */
const SESSION_COOKIES = ['cloudless.session_token', '__Secure-cloudless.session_token'];

export default async function InsideLayout({ children }: { readonly children: ReactNode }) {
  const jar = await cookies();
  return <Shell hasSession={SESSION_COOKIES.some((name) => jar.has(name))}>{children}</Shell>;
}
