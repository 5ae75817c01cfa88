'use client';

import { X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { useSyncExternalStore, type ReactNode } from 'react';
import { StateShape } from './state-mark.tsx';
import type { Tone } from './tone.ts';

/** A receipt: what was done, with at most one thing to do about it. */
export type ToastOptions = { readonly tone?: Tone; readonly title: string; readonly text?: ReactNode; readonly action?: ReactNode };
type Shown = ToastOptions & { readonly id: number };

const MOST = 4;
let shown: readonly Shown[] = [];
let lastId = 0;
const listeners = new Set<() => void>();
const ON_SERVER = undefined;

function set(next: readonly Shown[]): void {
  shown = next;
  for (const listener of listeners) listener();
}
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Shows a receipt for some seconds; of more than four, the oldest goes. */
export function toast(options: ToastOptions): void {
  lastId += 1;
  set([...shown, { ...options, id: lastId }].slice(-MOST));
}

// Radix' toast and not sonner: sonner adds a style element without a nonce, which the content policy refuses.
/** Once on the page: the place where receipts appear. `label` names the region, `closeLabel` each cross. */
export function Toaster({ label, closeLabel }: { readonly label: string; readonly closeLabel: string }) {
  const toasts = useSyncExternalStore<readonly Shown[] | undefined>(
    subscribe,
    () => shown,
    () => ON_SERVER,
  );
  // Radix' viewport carries a style attribute, which markup from a server may not.
  if (toasts === undefined) return null;
  return (
    <Radix.Provider label={label} duration={6000} swipeDirection="right">
      {toasts.map(({ id, tone = 'good', title, text, action }) => (
        <Radix.Root
          key={id}
          onOpenChange={(open) => {
            if (!open) set(shown.filter((toast) => toast.id !== id));
          }}
          className="flex animate-slide-up items-start gap-2.5 rounded-lg border bg-surface p-3 shadow-md"
        >
          <StateShape tone={tone} className="mt-1" />
          <div className="min-w-0 flex-1">
            <Radix.Title className="font-medium">{title}</Radix.Title>
            {text === undefined ? null : <Radix.Description className="text-ink-soft">{text}</Radix.Description>}
            {action}
          </div>
          <Radix.Close aria-label={closeLabel} className="-m-1 grid size-7 shrink-0 place-items-center rounded-md hover:bg-raised">
            <X aria-hidden className="size-4" />
          </Radix.Close>
        </Radix.Root>
      ))}
      <Radix.Viewport
        label={label}
        className="fixed right-4 bottom-4 z-60 flex w-[calc(100vw-2rem)] flex-col gap-2 outline-none max-md:bottom-20 sm:w-96"
      />
    </Radix.Provider>
  );
}
