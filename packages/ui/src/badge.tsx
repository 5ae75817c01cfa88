import type { ComponentProps } from 'react';
import { cn } from './class-names.ts';
import { TONE_SOFT, TONE_TEXT, type Tone } from './tone.ts';

/** A small fact beside a name. */
export const Badge = ({ tone = 'idle', className, ...props }: ComponentProps<'span'> & { readonly tone?: Tone }) => (
  <span
    className={cn(
      'inline-flex h-5 max-w-full items-center gap-1 truncate rounded-sm px-1.5 text-xs font-medium [&_svg]:size-3',
      TONE_SOFT[tone],
      TONE_TEXT[tone],
      className,
    )}
    {...props}
  />
);
