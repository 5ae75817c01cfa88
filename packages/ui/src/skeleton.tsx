import type { ComponentProps } from 'react';
import { cn } from './class-names.ts';

/** Holds the place of what is loading. Says `data-loading`, by which a page is known to be complete or not. */
export const Skeleton = ({ className, ...props }: ComponentProps<'div'>) => (
  <div aria-hidden data-loading className={cn('animate-breathe rounded-md bg-raised', className)} {...props} />
);
