'use client';

import type { CloudlessNode } from '@cloudless/proto';
import { Button, DropdownMenu, IconButton, MenuRow, MenuSeparator } from '@cloudless/ui';
import { EllipsisVertical, Lock, LockOpen, Pencil, ShieldOff, Tag } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useState } from 'react';
import { CopyAs } from '#web/live/copy-as.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useFailureToast } from '#web/live/use-failure-toast.ts';
import { useMay } from '#web/session/session.tsx';
import { LabelsDialog, RenameDialog } from './edit-dialogs.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';

const DIALOGS = { rename: RenameDialog, labels: LabelsDialog, revoke: RevokeDialog } as const;

/** What a person can do to a device; what they may not is absent. */
export function DeviceActions({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('deviceDetail');
  const may = useMay();
  const [opened, setOpened] = useState<keyof typeof DIALOGS>();
  if (!may('node.update')) return null;
  const Opened = opened && DIALOGS[opened];
  return (
    <>
      <CordonButton node={node} />
      <DropdownMenu trigger={<IconButton label={t('more')} variant="secondary" icon={<EllipsisVertical aria-hidden />} />}>
        <MenuRow onSelect={() => setOpened('rename')}>
          <Pencil aria-hidden />
          {t('rename')}
        </MenuRow>
        <MenuRow onSelect={() => setOpened('labels')}>
          <Tag aria-hidden />
          {t('editLabels')}
        </MenuRow>
        {may('node.remove') ? (
          <>
            <MenuSeparator />
            <MenuRow danger onSelect={() => setOpened('revoke')}>
              <ShieldOff aria-hidden />
              {t('revoke')}
            </MenuRow>
          </>
        ) : null}
      </DropdownMenu>
      {Opened === undefined ? null : <Opened node={node} onClose={() => setOpened(undefined)} />}
    </>
  );
}

function CordonButton({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('deviceDetail');
  const cordon = useAction('node.update', {
    receipt: ({ name, schedulable }) => (schedulable ? t('uncordoned', { name }) : t('cordoned', { name })),
  });
  useFailureToast(cordon.failure);
  const input = { nodeId: node.id, schedulable: !node.schedulable };
  return (
    <>
      <CopyAs name="node.update" what={node.schedulable ? t('cordon') : t('uncordon')} input={input} />
      <Button
        title={t('cordonHint')}
        loading={cordon.pending}
        icon={node.schedulable ? <Lock aria-hidden /> : <LockOpen aria-hidden />}
        onClick={() => void cordon.run(input)}
      >
        {node.schedulable ? t('cordon') : t('uncordon')}
      </Button>
    </>
  );
}
