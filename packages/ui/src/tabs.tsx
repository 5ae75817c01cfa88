'use client';

import { Tabs as Radix } from 'radix-ui';
import type { ComponentProps } from 'react';
import { cn } from './class-names.ts';

export const Tabs = ({ className, ...props }: ComponentProps<typeof Radix.Root>) => (
  <Radix.Root className={cn('flex min-w-0 flex-col gap-4', className)} {...props} />
);

export const TabsList = ({ className, ...props }: ComponentProps<typeof Radix.List>) => (
  <Radix.List className={cn('-mb-px flex gap-1 overflow-x-auto border-b', className)} {...props} />
);

export const TabsTrigger = ({ className, ...props }: ComponentProps<typeof Radix.Trigger>) => (
  <Radix.Trigger
    className={cn(
      'h-9 shrink-0 border-b-2 border-transparent px-3 text-ink-soft hover:text-ink focus-visible:-outline-offset-2 data-[state=active]:border-accent data-[state=active]:font-medium data-[state=active]:text-ink max-sm:h-11',
      className,
    )}
    {...props}
  />
);

export const TabsContent = ({ className, ...props }: ComponentProps<typeof Radix.Content>) => (
  <Radix.Content className={cn('min-w-0', className)} {...props} />
);
