import type { ComponentProps } from 'react';
import { cn } from './class-names.ts';

/**
 * `label` names it. Wider than its place, it scrolls sideways by itself; with `stacks` a phone shows each row as a block instead, a
 * line for each cell.
 */
export const Table = ({
  label,
  stacks = false,
  className,
  ...props
}: ComponentProps<'table'> & { readonly label: string; readonly stacks?: boolean }) => (
  // A region that scrolls must be reachable by keyboard.
  <div
    className={cn('group/table min-w-0 overflow-x-auto rounded-lg border bg-surface', stacks && 'is-stacking')}
    role="group"
    aria-label={label}
    tabIndex={0}
  >
    <table className={cn('w-full border-collapse text-left wrap-break-word', stacks && 'max-sm:block', className)} {...props} />
  </div>
);

export const TableHead = ({ className, ...props }: ComponentProps<'thead'>) => (
  <thead className={cn('border-b bg-sunken text-xs text-ink-soft group-[.is-stacking]/table:max-sm:sr-only', className)} {...props} />
);
export const TableBody = ({ className, ...props }: ComponentProps<'tbody'>) => (
  <tbody className={cn('group-[.is-stacking]/table:max-sm:block', className)} {...props} />
);
export const TableRow = ({ className, ...props }: ComponentProps<'tr'>) => (
  <tr
    className={cn('border-b last:border-b-0 group-[.is-stacking]/table:max-sm:block group-[.is-stacking]/table:max-sm:py-2', className)}
    {...props}
  />
);
export const TableHeader = ({ className, ...props }: ComponentProps<'th'>) => (
  <th scope="col" className={cn('h-8 px-3 font-medium whitespace-nowrap', className)} {...props} />
);

const STACKED_CELL = [
  'group-[.is-stacking]/table:max-sm:flex',
  'group-[.is-stacking]/table:max-sm:h-auto',
  'group-[.is-stacking]/table:max-sm:max-w-none',
  'group-[.is-stacking]/table:max-sm:gap-3',
  'group-[.is-stacking]/table:max-sm:py-1',
].join(' ');

/** `label` stands before it where rows are stacked: the name of its column, or nothing for the cell that names the row. */
export const TableCell = ({ label, className, children, ...props }: ComponentProps<'td'> & { readonly label?: string }) => (
  <td className={cn('h-10 px-3 py-1.5 align-middle', STACKED_CELL, className)} {...props}>
    {label === undefined ? null : (
      <span aria-hidden className="hidden w-20 shrink-0 text-xs/5 text-ink-soft group-[.is-stacking]/table:max-sm:inline">
        {label}
      </span>
    )}
    <div className="min-w-0">{children}</div>
  </td>
);
