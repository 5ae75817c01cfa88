'use client';

import type { ApiToken } from '@cloudless/proto';
import { AlertDialog, AlertDialogCancel, Button, Card, CodeBlock, Dialog, Field, FieldInput, FieldSelect, Section } from '@cloudless/ui';
import { Plus } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useId, useState, type FormEvent } from 'react';
import { Age } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useAsk } from '#web/live/use-ask.ts';
import { useCopyLabels } from '#web/live/use-copy-labels.ts';

/** API tokens of this person. */
export function TokenSection() {
  const t = useTranslations('settings');
  const [creating, setCreating] = useState(false);
  const listed = useAsk('token.list', {});
  const reload = (): void => void listed.refetch();
  const create = (
    <Button icon={<Plus aria-hidden />} onClick={() => setCreating(true)}>
      {t('createToken')}
    </Button>
  );
  return (
    <Section title={t('tokens')} headingId="tokens" actions={create}>
      <FailureCallout failure={listed.error ?? undefined} onRetry={reload} />
      <Card className="px-4">
        {listed.data?.rows.length === 0 ? <p className="py-3 text-ink-soft">{t('noTokens')}</p> : null}
        <ul>
          {listed.data?.rows.map((row) => (
            <TokenRow key={row.id} row={row} onGone={reload} />
          ))}
        </ul>
      </Card>
      {creating ? <CreateDialog onClose={() => setCreating(false)} onMade={reload} /> : null}
    </Section>
  );
}

function TokenRow({ row, onGone }: { readonly row: ApiToken; readonly onGone: () => void }) {
  const t = useTranslations('settings');
  const format = useFormat();
  const [asking, setAsking] = useState(false);
  const revoke = useAction('token.revoke', { receipt: () => t('tokenRevoked', { name: row.name }), onDone: onGone });
  return (
    <li className="flex flex-wrap items-center justify-between gap-2 border-b py-2 last:border-b-0">
      <span className="min-w-0">
        <span className="font-medium">{row.name}</span> <span className="font-mono text-xs text-ink-soft">{row.start}…</span>
        <span className="block text-xs text-ink-soft">
          {t(`scope.${row.scope}`)} · {row.expiresAt === undefined ? t('noExpiry') : t('expires', { at: format.instant(row.expiresAt) })} ·{' '}
          {row.lastUsedAt === undefined ? t('neverUsed') : <Age at={row.lastUsedAt} />}
        </span>
      </span>
      <Button size="sm" onClick={() => setAsking(true)}>
        {t('revoke')}
      </Button>
      <AlertDialog
        open={asking}
        onOpenChange={setAsking}
        title={t('revokeTitle', { name: row.name })}
        description={t('revokeText')}
        footer={
          <>
            <AlertDialogCancel>
              <Button>{t('cancel')}</Button>
            </AlertDialogCancel>
            <Button variant="danger" loading={revoke.pending} onClick={() => void revoke.run({ id: row.id })}>
              {t('revoke')}
            </Button>
          </>
        }
      >
        <FailureCallout failure={revoke.failure} />
      </AlertDialog>
    </li>
  );
}

const LIFETIMES = [7, 30, 90, 365] as const;

function CreateDialog({ onClose, onMade }: { readonly onClose: () => void; readonly onMade: () => void }) {
  const t = useTranslations('settings');
  const copyLabels = useCopyLabels();
  const actions = useTranslations('actions');
  const form = useId();
  const [token, setToken] = useState<string>();
  const [isNameless, setNameless] = useState(false);
  const create = useAction('token.create', {
    onDone(output) {
      setToken(output.token);
      onMade();
    },
  });
  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const days = Number(fields.get('days'));
    const name = String(fields.get('name')).trim();
    setNameless(name === '');
    if (name === '') return;
    void create.run({
      name,
      scope: fields.get('scope') === 'write' ? 'write' : 'read',
      ...(days > 0 ? { expiresInDays: days } : {}),
    });
  }
  const footer =
    token === undefined ? (
      <>
        <Button onClick={onClose}>{actions('cancel')}</Button>
        <Button type="submit" form={form} variant="primary" loading={create.pending}>
          {t('create')}
        </Button>
      </>
    ) : (
      <Button variant="primary" onClick={onClose}>
        {t('tokenSaved')}
      </Button>
    );
  return (
    <Dialog open onOpenChange={onClose} title={t('createToken')} description={t('tokenText')} closeLabel={actions('close')} footer={footer}>
      {token === undefined ? (
        <form id={form} onSubmit={submit} noValidate className="flex flex-col gap-3 pt-1">
          <Field label={t('tokenName')} {...(isNameless ? { error: t('tokenNameWrong') } : {})}>
            <FieldInput name="name" maxLength={64} autoComplete="off" />
          </Field>
          <Field label={t('tokenScope')}>
            <FieldSelect name="scope" options={(['read', 'write'] as const).map((value) => ({ value, label: t(`scope.${value}`) }))} />
          </Field>
          <Field label={t('tokenLifetime')}>
            <FieldSelect
              name="days"
              defaultValue="90"
              options={[
                ...LIFETIMES.map((days) => ({ value: String(days), label: t('days', { count: days }) })),
                { value: '0', label: t('noExpiry') },
              ]}
            />
          </Field>
          <FailureCallout failure={create.failure} />
        </form>
      ) : (
        <div className="flex flex-col gap-2">
          <p>{t('tokenOnce')}</p>
          <CodeBlock code={token} label={t('tokens')} copyLabels={copyLabels} />
        </div>
      )}
    </Dialog>
  );
}
