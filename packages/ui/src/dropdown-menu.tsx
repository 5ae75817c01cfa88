'use client';

import { Check } from 'lucide-react';
import { DropdownMenu as Radix } from 'radix-ui';
import type { ComponentProps, ReactNode } from 'react';
import { cn } from './class-names.ts';

const ROW =
  'flex min-h-8 items-center gap-2 rounded-sm px-2 py-1 outline-none select-none data-disabled:opacity-60 data-highlighted:bg-raised [&_svg]:size-4 [&_svg]:shrink-0 max-sm:min-h-10';

/** A button with a menu. `trigger` is the button. */
export function DropdownMenu({
  trigger,
  align = 'end',
  className,
  children,
}: {
  readonly trigger: ReactNode;
  readonly align?: 'start' | 'end';
  readonly className?: string;
  readonly children: ReactNode;
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          align={align}
          sideOffset={4}
          collisionPadding={8}
          className={cn('z-50 max-w-80 min-w-48 animate-appear rounded-lg border bg-surface p-1 shadow-md', className)}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export const MenuRow = ({ className, danger = false, ...props }: ComponentProps<typeof Radix.Item> & { readonly danger?: boolean }) => (
  <Radix.Item className={cn(ROW, danger && 'text-bad', className)} {...props} />
);

export const MenuLabel = ({ className, ...props }: ComponentProps<typeof Radix.Label>) => (
  <Radix.Label className={cn('px-2 py-1 text-xs text-ink-soft', className)} {...props} />
);

export const MenuSeparator = () => <Radix.Separator className="-mx-1 my-1 h-px bg-line" />;

/** One of several, of which one is chosen. */
export function MenuChoices({
  value,
  onValueChange,
  options,
}: {
  readonly value: string;
  readonly onValueChange: (value: string) => void;
  readonly options: readonly { readonly value: string; readonly label: string; readonly icon?: ReactNode }[];
}) {
  return (
    <Radix.RadioGroup value={value} onValueChange={onValueChange}>
      {options.map((option) => (
        <Radix.RadioItem key={option.value} value={option.value} className={ROW}>
          {option.icon}
          <span className="flex-1">{option.label}</span>
          <Radix.ItemIndicator>
            <Check aria-hidden />
          </Radix.ItemIndicator>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}
