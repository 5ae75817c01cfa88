import { ChevronDown } from 'lucide-react';
import type { ComponentProps } from 'react';
import { cn } from './class-names.ts';
import { controlClasses } from './input.tsx';

export type SelectOption = { readonly value: string; readonly label: string; readonly disabled?: boolean };

/** The system's own list: what phones and screen readers know best. */
export function Select({
  options,
  className,
  ...props
}: Omit<ComponentProps<'select'>, 'children'> & { readonly options: readonly SelectOption[] }) {
  return (
    <span className={cn('relative inline-flex min-w-0', className)}>
      <select className={cn(controlClasses, 'h-8 appearance-none truncate pr-8 pl-2.5 max-sm:h-10')} {...props}>
        {options.map(({ value, label, disabled }) => (
          <option key={value} value={value} disabled={disabled}>
            {label}
          </option>
        ))}
      </select>
      <ChevronDown aria-hidden className="pointer-events-none absolute top-1/2 right-2 size-4 -translate-y-1/2 text-ink-soft" />
    </span>
  );
}
