import type { ComponentProps, ReactNode } from 'react';
import { cn } from './class-names.ts';

/** A surface with a hairline. */
export const Card = ({ className, ...props }: ComponentProps<'div'>) => (
  <div className={cn('min-w-0 rounded-lg border bg-surface', className)} {...props} />
);

/** A titled part of a page. `headingId` names it for assistive technology. */
export function Section({
  title,
  actions,
  className,
  children,
  headingId,
}: {
  readonly title: ReactNode;
  readonly actions?: ReactNode;
  readonly className?: string;
  readonly headingId: string;
  readonly children: ReactNode;
}) {
  return (
    <section aria-labelledby={headingId} className={cn('flex min-w-0 flex-col gap-2', className)}>
      <div className="flex min-h-8 flex-wrap items-center justify-between gap-2">
        <h2 id={headingId} className="text-base font-semibold">
          {title}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  );
}
