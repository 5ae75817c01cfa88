import { cn } from './class-names.ts';

export type MeterProps = {
  /** Names the quantity: read aloud and shown. */
  readonly label: string;
  /** Shown beside the label, and read aloud as the value. */
  readonly text: string;
  readonly max: number;
  /** Drawn solid. */
  readonly used?: number | undefined;
  /** Drawn as an outline behind it: what is reserved. */
  readonly requested?: number | undefined;
  readonly className?: string;
};

const share = (value: number | undefined, max: number): number => (max > 0 ? Math.min(100, Math.max(0, ((value ?? 0) / max) * 100)) : 0);

/** How much of a whole is used, over what is reserved of it. Drawn in SVG: its lengths are attributes, which no content policy refuses. */
export function Meter({ label, text, max, used, requested, className }: MeterProps) {
  const now = used ?? requested ?? 0;
  return (
    <div className={cn('min-w-0', className)}>
      <div className="flex flex-wrap justify-between gap-x-2 text-xs">
        <span className="whitespace-nowrap text-ink-soft">{label}</span>
        <span>{text}</span>
      </div>
      <div
        role="meter"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={max > 0 ? max : 1}
        aria-valuenow={Math.min(now, max)}
        aria-valuetext={text}
        className="mt-1 h-1.5 overflow-hidden rounded-full bg-raised"
      >
        <svg aria-hidden width="100%" height="100%" className="block">
          <rect width={`${share(requested, max)}%`} height="100%" className="fill-accent opacity-35 transition-[width] duration-300" />
          <rect width={`${share(used, max)}%`} height="100%" className="fill-accent transition-[width] duration-300" />
        </svg>
      </div>
    </div>
  );
}
