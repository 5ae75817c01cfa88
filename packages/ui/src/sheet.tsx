'use client';

import { X } from 'lucide-react';
import { Dialog as Radix } from 'radix-ui';
import type { DialogProps } from './dialog.tsx';
import { cn } from './class-names.ts';

/** A panel from the right edge, full width on a phone. */
export function Sheet({ open, onOpenChange, title, description, closeLabel, footer, className, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          className={cn('fixed inset-y-0 right-0 z-50 flex w-full animate-appear flex-col border-l bg-surface sm:max-w-md', className)}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <div className="flex items-start justify-between gap-4 border-b px-4 py-3">
            <div className="min-w-0">
              <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
              {description === undefined ? null : <Radix.Description className="text-ink-soft">{description}</Radix.Description>}
            </div>
            <Radix.Close aria-label={closeLabel} className="-m-1 grid size-7 shrink-0 place-items-center rounded-md hover:bg-raised">
              <X aria-hidden className="size-4" />
            </Radix.Close>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto p-4">{children}</div>
          {footer === undefined ? null : <div className="flex flex-wrap justify-end gap-2 border-t px-4 py-3">{footer}</div>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
