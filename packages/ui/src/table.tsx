import type { ComponentProps } from 'react';
import { cn } from './class-names.ts';

/** A table that scrolls sideways by itself. `label` names it. */
export const Table = ({ label, className, ...props }: ComponentProps<'table'> & { readonly label: string }) => (
  // A region that scrolls must be reachable by keyboard.
  <div className="min-w-0 overflow-x-auto rounded-lg border bg-surface" role="group" aria-label={label} tabIndex={0}>
    <table className={cn('w-full border-collapse text-left wrap-break-word', className)} {...props} />
  </div>
);

export const TableHead = ({ className, ...props }: ComponentProps<'thead'>) => (
  <thead className={cn('border-b bg-sunken text-xs text-ink-soft', className)} {...props} />
);
export const TableBody = (props: ComponentProps<'tbody'>) => <tbody {...props} />;
export const TableRow = ({ className, ...props }: ComponentProps<'tr'>) => (
  <tr className={cn('border-b last:border-b-0', className)} {...props} />
);
export const TableHeader = ({ className, ...props }: ComponentProps<'th'>) => (
  <th scope="col" className={cn('h-8 px-3 font-medium whitespace-nowrap', className)} {...props} />
);
export const TableCell = ({ className, ...props }: ComponentProps<'td'>) => (
  <td className={cn('h-10 px-3 py-1.5 align-middle', className)} {...props} />
);
