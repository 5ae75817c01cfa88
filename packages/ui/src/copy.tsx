'use client';

import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cn } from './class-names.ts';
import { IconButton } from './icon-button.tsx';

const SHOWN_MS = 1600;

/** Copies a text, and says that it did. */
export function CopyButton({
  text,
  label,
  doneLabel,
  size = 'sm',
  className,
}: {
  readonly text: string;
  readonly label: string;
  readonly doneLabel: string;
  readonly size?: 'sm' | 'md';
  readonly className?: string;
}) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <>
      <IconButton
        label={done ? doneLabel : label}
        size={size}
        className={className}
        icon={done ? <Check aria-hidden /> : <Copy aria-hidden />}
        onClick={() =>
          void navigator.clipboard?.writeText(text).then(
            () => setDone(true),
            () => undefined,
          )
        }
      />
      <span role="status" className="sr-only">
        {done ? doneLabel : ''}
      </span>
    </>
  );
}

/** Text for a terminal or a program, with its copy button. All of it shows, and one click into it selects all of it. */
export function CodeBlock({
  code,
  label,
  copyLabel,
  doneLabel,
  className,
}: {
  readonly code: string;
  readonly label: string;
  readonly copyLabel: string;
  readonly doneLabel: string;
  readonly className?: string;
}) {
  return (
    <div className={cn('flex min-w-0 items-start rounded-md border bg-sunken', className)}>
      <pre
        aria-label={label}
        role="region"
        tabIndex={0}
        className="max-h-64 min-w-0 flex-1 overflow-auto p-3 font-mono text-xs wrap-anywhere whitespace-pre-wrap"
      >
        <code className="select-all">{code}</code>
      </pre>
      <CopyButton text={code} label={copyLabel} doneLabel={doneLabel} className="m-1.5 shrink-0" />
    </div>
  );
}
