import { cn } from '@cloudless/ui';
import type { ReactNode } from 'react';

/** The title of a page, one sentence on its state, and its actions, the main one last. */
export function PageHeader({
  title,
  before,
  sentence,
  actions,
  className,
}: {
  readonly title: ReactNode;
  /** Above the title: where this page hangs. */
  readonly before?: ReactNode;
  readonly sentence?: ReactNode;
  readonly actions?: ReactNode;
  readonly className?: string;
}) {
  return (
    <header className={cn('mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-3', className)}>
      <div className="flex min-w-0 flex-col gap-1">
        {before}
        <h1 className="text-xl font-semibold">{title}</h1>
        {sentence === undefined ? null : <div className="text-ink-soft">{sentence}</div>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}
