'use client';

import { Tabs as Radix } from 'radix-ui';
import { useEffect, useRef, type ComponentProps } from 'react';
import { cn } from './class-names.ts';
import { watchOverflow } from './overflow.ts';

export const Tabs = ({ className, ...props }: ComponentProps<typeof Radix.Root>) => (
  <Radix.Root className={cn('flex min-w-0 flex-col gap-4', className)} {...props} />
);

/** One row. Where it is wider than its place, it fades out on the side on which there is more. */
export function TabsList({ className, ...props }: ComponentProps<typeof Radix.List>) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (list.current === null) return undefined;
    // A link may lead to one that is beyond the edge of a phone.
    list.current.querySelector('[data-state="active"]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
    return watchOverflow(list.current);
  }, []);
  return <Radix.List ref={list} className={cn('-mb-px flex gap-1 overflow-x-auto border-b fades-at-edges', className)} {...props} />;
}

export const TabsTrigger = ({ className, onFocus, ...props }: ComponentProps<typeof Radix.Trigger>) => (
  <Radix.Trigger
    className={cn(
      'h-9 shrink-0 border-b-2 border-transparent px-3 text-ink-soft hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink max-sm:h-11',
      className,
    )}
    onFocus={(event) => {
      onFocus?.(event);
      // Half of it may be faded out.
      event.currentTarget.scrollIntoView({ block: 'nearest', inline: 'center' });
    }}
    {...props}
  />
);

export const TabsContent = ({ className, ...props }: ComponentProps<typeof Radix.Content>) => (
  <Radix.Content className={cn('min-w-0', className)} {...props} />
);
