import type { ReactNode } from 'react';
import { cn } from './class-names.ts';
import { StateShape } from './state-mark.tsx';
import { TONE_SOFT, type Tone } from './tone.ts';

/** A message that stays. `announce`: read aloud when it appears. */
export function Callout({
  tone,
  title,
  announce = false,
  actions,
  className,
  children,
}: {
  readonly tone: Tone;
  readonly title: ReactNode;
  readonly announce?: boolean;
  readonly actions?: ReactNode;
  readonly className?: string;
  readonly children?: ReactNode;
}) {
  return (
    <div {...(announce ? { role: 'alert' } : {})} className={cn('flex gap-2.5 rounded-lg border p-3', TONE_SOFT[tone], className)}>
      <StateShape tone={tone} className="mt-1" />
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <p className="font-medium">{title}</p>
        {children}
        {actions === undefined ? null : <div className="mt-1 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  );
}
