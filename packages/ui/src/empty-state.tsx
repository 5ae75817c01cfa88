import type { ReactNode } from 'react';
import { cn } from './class-names.ts';

/** What stands here, why there is none, and one button. */
export function EmptyState({
  icon,
  title,
  text,
  action,
  className,
}: {
  readonly icon?: ReactNode;
  readonly title: string;
  readonly text: ReactNode;
  readonly action?: ReactNode;
  readonly className?: string;
}) {
  return (
    <div className={cn('flex flex-col items-center gap-3 rounded-lg border border-dashed px-6 py-10 text-center', className)}>
      {icon === undefined ? null : (
        <span aria-hidden className="text-ink-soft [&_svg]:size-6">
          {icon}
        </span>
      )}
      <div className="max-w-prose">
        <p className="font-semibold">{title}</p>
        <p className="text-ink-soft">{text}</p>
      </div>
      {action}
    </div>
  );
}
