'use client';

import { Check, Copy } from 'lucide-react';
import { useEffect, useState } from 'react';
import { cn } from './class-names.ts';
import { copyText } from './copy-text.ts';
import { IconButton } from './icon-button.tsx';
import { toast } from './toaster.tsx';

const SHOWN_MS = 1600;

/** What a copy button says: before, when it did, and when the browser lets nothing be copied. */
export type CopyLabels = { readonly label: string; readonly doneLabel: string; readonly failedLabel: string };

/** Copies a text and says that it did; where the browser refuses, shows the text for a person to copy. */
export function CopyButton({
  text,
  label,
  doneLabel,
  failedLabel,
  size = 'sm',
  className,
}: {
  readonly text: string;
  readonly size?: 'sm' | 'md';
  readonly className?: string;
} & CopyLabels) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return;
    const timer = setTimeout(() => setDone(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);
  async function copy(place: HTMLElement): Promise<void> {
    if (await copyText(text, place)) setDone(true);
    else toast({ tone: 'warn', title: failedLabel, text: <code className="font-mono text-xs wrap-anywhere select-all">{text}</code> });
  }
  return (
    <>
      <IconButton
        label={done ? doneLabel : label}
        size={size}
        className={className}
        icon={done ? <Check aria-hidden /> : <Copy aria-hidden />}
        onClick={({ currentTarget }) => void copy(currentTarget.parentElement ?? document.body)}
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
  copyLabels,
  className,
}: {
  readonly code: string;
  readonly label: string;
  readonly copyLabels: CopyLabels;
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
      <CopyButton text={code} {...copyLabels} className="m-1.5 shrink-0" />
    </div>
  );
}
