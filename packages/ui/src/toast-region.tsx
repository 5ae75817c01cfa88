'use client';

import { X } from 'lucide-react';
import { Toast as Radix } from 'radix-ui';
import { StateShape } from './state-mark.tsx';
import type { ShownToast } from './toaster.tsx';

export type ToastRegionProps = {
  readonly toasts: readonly ShownToast[];
  readonly onClose: (id: number) => void;
  /** Names the region. */
  readonly label: string;
  /** Names each cross. */
  readonly closeLabel: string;
};

// Radix' toast and not sonner: sonner adds a style element without a nonce, which the content policy refuses.
/** The receipts that are shown now. */
export function ToastRegion({ toasts, onClose, label, closeLabel }: ToastRegionProps) {
  return (
    <Radix.Provider label={label} duration={6000} swipeDirection="right">
      {toasts.map(({ id, tone = 'good', title, text, action }) => (
        <Radix.Root
          key={id}
          onOpenChange={(open) => {
            if (!open) onClose(id);
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
