'use client';

import { Button, CopyButton } from '@cloudless/ui';
import { Download } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useRef } from 'react';
import { useCopyLabels } from '#web/live/use-copy-labels.ts';

function download(text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = 'cloudless-recovery-codes.txt';
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Codes that are shown this once. */
export function RecoveryCodes({ codes, onSaved }: { readonly codes: readonly string[]; readonly onSaved: () => void }) {
  const t = useTranslations('claim');
  const copyLabels = useCopyLabels(t('copyCodes'));
  const text = `${codes.join('\n')}\n`;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const isSaved = useRef(false);
  useEffect(() => {
    // A reload by mistake would lose them.
    const warn = (event: BeforeUnloadEvent): void => {
      if (!isSaved.current) event.preventDefault();
    };
    window.addEventListener('beforeunload', warn);
    return () => window.removeEventListener('beforeunload', warn);
  }, []);
  function save(): void {
    isSaved.current = true;
    onSaved();
  }
  return (
    <>
      <div>
        <h1 ref={heading} tabIndex={-1} className="text-xl font-semibold outline-none">
          {t('codesTitle')}
        </h1>
        <p className="text-ink-soft">{t('codesText')}</p>
      </div>
      <ul className="grid gap-x-6 gap-y-1 rounded-lg border bg-surface p-4 font-mono sm:grid-cols-2">
        {codes.map((code) => (
          <li key={code} data-testid="recovery-code" className="whitespace-nowrap">
            {code}
          </li>
        ))}
      </ul>
      <div className="flex flex-wrap items-center gap-2">
        <Button icon={<Download aria-hidden />} onClick={() => download(text)}>
          {t('download')}
        </Button>
        <CopyButton text={text} {...copyLabels} size="md" />
        <Button variant="primary" className="ml-auto" onClick={save}>
          {t('saved')}
        </Button>
      </div>
    </>
  );
}
