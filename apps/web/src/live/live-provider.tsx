'use client';

import { createContext, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from 'react';
import { browserClient } from './client.ts';
import { EMPTY_STATE, type LiveState } from './live-state.ts';
import { createLiveStore, type LiveStore } from './live-store.ts';

const LiveContext = createContext<LiveStore | undefined>(undefined);

/** Holds the page's one subscription. On the server there is none. */
export function LiveProvider({ onLost, children }: { readonly onLost: () => void; readonly children: ReactNode }) {
  const [store] = useState(() =>
    typeof window === 'undefined' ? undefined : createLiveStore({ client: browserClient(), now: Date.now, onLost }),
  );
  useEffect(() => store?.start(), [store]);
  return <LiveContext value={store}>{children}</LiveContext>;
}

/** Absent on the pages before sign-in. */
export const useLiveStore = (): LiveStore | undefined => useContext(LiveContext);

const subscribeToNothing = (): (() => void) => () => undefined;

/** A part of the live state. `select` must give the same value for the same state: pick, and derive by `useMemo`. */
export function useLive<T>(select: (state: LiveState) => T): T {
  const store = useLiveStore();
  return useSyncExternalStore(
    store?.subscribe ?? subscribeToNothing,
    () => select(store?.getState() ?? EMPTY_STATE),
    () => select(EMPTY_STATE),
  );
}
