'use client';

import { Input, cn } from '@cloudless/ui';
import { Search } from 'lucide-react';

/** The filter of a page: `/` goes there, Escape empties it. */
export function FilterField({
  label,
  value,
  onChange,
  className,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly className?: string;
}) {
  return (
    <div className={cn('relative w-full sm:w-64', className)}>
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-ink-soft" />
      <Input
        type="search"
        data-filter
        aria-label={label}
        placeholder={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onChange('');
        }}
        className="pl-8"
      />
    </div>
  );
}
