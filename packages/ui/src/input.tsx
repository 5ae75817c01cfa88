import type { ComponentProps } from 'react';
import { cn } from './class-names.ts';

export const controlClasses =
  'w-full min-w-0 rounded-md border border-line-strong bg-surface text-ink transition-colors disabled:cursor-not-allowed disabled:bg-sunken disabled:text-ink-soft aria-invalid:border-bad focus-visible:outline-offset-0';

export const Input = ({ className, type = 'text', ...props }: ComponentProps<'input'>) => (
  <input type={type} className={cn(controlClasses, 'h-8 px-2.5 max-sm:h-10 max-sm:text-lg', className)} {...props} />
);

export const Textarea = ({ className, ...props }: ComponentProps<'textarea'>) => (
  <textarea className={cn(controlClasses, 'min-h-20 px-2.5 py-1.5 max-sm:text-lg', className)} {...props} />
);
