'use client';

import type { Reach } from '@cloudless/proto';
import { Callout, CodeBlock } from '@cloudless/ui';
import { useTranslations } from 'next-intl';

/** How the coordinator is started for its whole network. */
const FOR_THE_NETWORK = 'npm start -- --host 0.0.0.0';

/** From where devices get in; said before somebody tries in vain. */
export function ReachNote({ reach: { kind, publicUrl, firewallCommand } }: { readonly reach: Reach }) {
  const t = useTranslations('addDevice');
  const failed = publicUrl?.state === 'failed' ? <p>{publicUrl.message}</p> : null;
  if (kind === 'anywhere') return <p className="text-sm text-ink-soft">{t('reach.anywhere', { url: publicUrl?.url ?? '' })}</p>;
  if (kind === 'machine')
    return (
      <Callout tone="warn" title={t('reach.machine')}>
        <p>{t('reach.machineText')}</p>
        <Command code={FOR_THE_NETWORK} label={t('reach.restartCommand')} />
        {failed}
      </Callout>
    );
  return (
    <div className="flex flex-col gap-2 text-sm text-ink-soft">
      <p>{t('reach.network')}</p>
      {publicUrl?.state === 'checking' ? <p>{t('reach.checking', { url: publicUrl.url })}</p> : failed}
      {firewallCommand === undefined ? null : (
        <>
          <p>{t('reach.firewall')}</p>
          <Command code={firewallCommand} label={t('reach.firewallCommand')} />
        </>
      )}
    </div>
  );
}

function Command({ code, label }: { readonly code: string; readonly label: string }) {
  const actions = useTranslations('actions');
  return <CodeBlock code={code} label={label} copyLabel={actions('copy')} doneLabel={actions('copied')} />;
}
