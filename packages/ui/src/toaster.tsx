'use client';

import { lazy, Suspense, useSyncExternalStore, type ReactNode } from 'react';
import type { ToastRegionProps } from './toast-region.tsx';
import type { Tone } from './tone.ts';

/** A receipt: what was done, with at most one thing to do about it. */
export type ToastOptions = { readonly tone?: Tone; readonly title: string; readonly text?: ReactNode; readonly action?: ReactNode };
export type ShownToast = ToastOptions & { readonly id: number };

const MOST = 4;
const NONE: readonly ShownToast[] = [];
let shown = NONE;
let lastId = 0;
const listeners = new Set<() => void>();

function set(next: readonly ShownToast[]): void {
  shown = next;
  for (const listener of listeners) listener();
}
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
const close = (id: number): void => set(shown.filter((toast) => toast.id !== id));

/** Shows a receipt for some seconds; of more than four, the oldest goes. */
export function toast(options: ToastOptions): void {
  lastId += 1;
  set([...shown, { ...options, id: lastId }].slice(-MOST));
}

/** Loaded with the first receipt: the page that a person meets first has none to show. */
const ToastRegion = lazy(async () => ({ default: (await import('./toast-region.tsx')).ToastRegion }));

/** Once on the page: the place where receipts appear. */
export function Toaster({ label, closeLabel }: Pick<ToastRegionProps, 'label' | 'closeLabel'>) {
  const toasts = useSyncExternalStore(
    subscribe,
    () => shown,
    () => NONE,
  );
  // Not on a server, which shows none: Radix marks the place with a style attribute, which markup from there may not have.
  if (lastId === 0) return null;
  return (
    <Suspense>
      <ToastRegion toasts={toasts} onClose={close} label={label} closeLabel={closeLabel} />
    </Suspense>
  );
}
