'use client';

import { X } from 'lucide-react';
import { AlertDialog as RadixAlert, Dialog as Radix } from 'radix-ui';
import type { ReactNode } from 'react';
import { cn } from './class-names.ts';
import { useDialogFocus } from './dialog-focus.ts';

const SCRIM = 'fixed inset-0 z-40 bg-scrim';
const PANEL =
  'fixed z-50 flex max-h-[calc(100dvh-2rem)] flex-col overflow-hidden border bg-surface shadow-lg inset-x-0 bottom-0 animate-slide-up rounded-t-lg sm:inset-auto sm:top-1/2 sm:left-1/2 sm:w-[calc(100vw-2rem)] sm:max-w-lg sm:-translate-1/2 sm:animate-none sm:rounded-lg';

export type DialogProps = {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description?: ReactNode;
  /** Reads the cross aloud. */
  readonly closeLabel: string;
  readonly footer?: ReactNode;
  readonly className?: string;
  readonly children?: ReactNode;
};

const Footer = ({ children }: { readonly children: ReactNode }) => (
  <div className="flex flex-wrap justify-end gap-2 border-t bg-sunken px-4 py-3">{children}</div>
);

/** A task over the page. Escape and the scrim close it. */
export function Dialog({ open, onOpenChange, title, description, closeLabel, footer, className, children }: DialogProps) {
  const focus = useDialogFocus();
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={SCRIM} />
        <Radix.Content
          className={cn(PANEL, className)}
          {...focus}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <div className="flex items-start justify-between gap-4 px-4 pt-4 pb-3">
            <div className="min-w-0">
              <Radix.Title className="text-lg font-semibold">{title}</Radix.Title>
              {description === undefined ? null : <Radix.Description className="text-ink-soft">{description}</Radix.Description>}
            </div>
            <Radix.Close aria-label={closeLabel} className="-m-1 grid size-7 shrink-0 place-items-center rounded-md hover:bg-raised">
              <X aria-hidden className="size-4" />
            </Radix.Close>
          </div>
          <div className="min-h-0 overflow-y-auto px-4 pb-4">{children}</div>
          {footer === undefined ? null : <Footer>{footer}</Footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export type AlertDialogProps = Omit<DialogProps, 'closeLabel' | 'description'> & { readonly description: ReactNode };

/** A question before what cannot be taken back: only its own buttons answer it. `footer` holds them, `AlertDialogCancel` first. */
export function AlertDialog({ open, onOpenChange, title, description, footer, className, children }: AlertDialogProps) {
  const focus = useDialogFocus();
  return (
    <RadixAlert.Root open={open} onOpenChange={onOpenChange}>
      <RadixAlert.Portal>
        <RadixAlert.Overlay className={SCRIM} />
        <RadixAlert.Content className={cn(PANEL, className)} {...focus}>
          <div className="px-4 pt-4 pb-3">
            <RadixAlert.Title className="text-lg font-semibold">{title}</RadixAlert.Title>
            <RadixAlert.Description className="text-ink-soft">{description}</RadixAlert.Description>
          </div>
          <div className="min-h-0 overflow-y-auto px-4 pb-4 empty:hidden">{children}</div>
          <Footer>{footer}</Footer>
        </RadixAlert.Content>
      </RadixAlert.Portal>
    </RadixAlert.Root>
  );
}

/** Wraps the button that leaves everything as it is; it has the focus first. */
export const AlertDialogCancel = ({ children }: { readonly children: ReactNode }) => (
  <RadixAlert.Cancel asChild>{children}</RadixAlert.Cancel>
);
