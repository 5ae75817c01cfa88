'use client';

import type { ProcedureName } from '@cloudless/proto';
import { describeCall, type CallInput } from '@cloudless/sdk';
import { CodeBlock, Dialog, IconButton } from '@cloudless/ui';
import { Terminal } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { useCopyLabels } from '#web/live/use-copy-labels.ts';

/** Stands beside an action: the same as a command and as a program. */
export function CopyAs<P extends ProcedureName>({
  name,
  what,
  input,
}: {
  readonly name: P;
  /** The words of the action: several of these stand on a page. */
  readonly what: string;
  readonly input: CallInput<P>;
}) {
  const t = useTranslations('actions');
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton label={t('copyAs', { what })} icon={<Terminal aria-hidden />} onClick={() => setOpen(true)} />
      <Dialog
        open={open}
        onOpenChange={setOpen}
        title={t('copyAs', { what })}
        description={t('copyAsText')}
        closeLabel={t('close')}
        className="sm:max-w-2xl"
      >
        {open ? <Descriptions name={name} input={input} /> : null}
      </Dialog>
    </>
  );
}

function Descriptions<P extends ProcedureName>({ name, input }: { readonly name: P; readonly input: CallInput<P> }) {
  const t = useTranslations('actions');
  const { curl, sdk } = describeCall(name, input, location.origin);
  const copyLabels = useCopyLabels();
  return (
    <div className="flex flex-col gap-3">
      {curl === undefined ? null : (
        <div className="flex flex-col gap-1">
          <h3 className="text-sm font-medium">{t('asCurl')}</h3>
          <CodeBlock code={curl} label={t('asCurl')} copyLabels={copyLabels} />
        </div>
      )}
      <div className="flex flex-col gap-1">
        <h3 className="text-sm font-medium">{t('asSdk')}</h3>
        <CodeBlock code={sdk} label={t('asSdk')} copyLabels={copyLabels} />
      </div>
    </div>
  );
}
