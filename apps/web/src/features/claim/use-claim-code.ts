'use client';

import { useSyncExternalStore } from 'react';
import { readClaimCode } from './claim-code.ts';

let code: string | undefined;
const listeners = new Set<() => void>();

// The link may be opened where this page stands already: then only the fragment changes, and while the page starts the router may put
// the address back without it. The event keeps what was opened.
if (typeof window !== 'undefined') {
  code = readClaimCode(location.search, location.hash);
  window.addEventListener('hashchange', ({ newURL }) => {
    const { search, hash } = new URL(newURL);
    code = readClaimCode(search, hash) ?? code;
    for (const listener of listeners) listener();
  });
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** The one-time code of the link that was opened; absent on the server. */
export const useClaimCode = (): string | undefined =>
  useSyncExternalStore(
    subscribe,
    () => (code ??= readClaimCode(location.search, location.hash)),
    () => undefined,
  );
