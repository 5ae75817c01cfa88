'use client';

import type { Join, LendingRule } from '@cloudless/proto';
import { Button, Card, Field, FieldInput } from '@cloudless/ui';
import { Camera } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useState, type ChangeEvent, type FormEvent } from 'react';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { Loaded } from '#web/live/loaded.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useJoins, useNode } from '#web/live/use-entities.ts';
import { useNow } from '#web/live/use-now.ts';
import { PageHeader } from '#web/shell/page-header.tsx';
import { Approval } from '../add-device/approval.tsx';
import { overOf, readCode } from '../add-device/join-steps.ts';
import { LabelsField } from '../device-detail/labels-field.tsx';
import { readLabels } from '../device-detail/labels-text.ts';
import { DeviceCard } from '../devices/device-card.tsx';
import { LendingFields } from '../lending/lending-fields.tsx';
import { mayUseCamera, readPhoto, useCamera } from './use-camera.ts';

/** A machine without a screen shows a code; a person compares four words and lets it in. */
export function PairPage() {
  const t = useTranslations('pair');
  return (
    <>
      <PageHeader title={t('title')} sentence={t('sentence')} />
      <Loaded skeleton={null}>
        <Pair />
      </Loaded>
    </>
  );
}

function Pair() {
  const [opened, setOpened] = useState<Join>();
  const joins = useJoins();
  const join = opened && (joins.find(({ id }) => id === opened.id) ?? opened);
  const open = useAction('node.openJoinRequest', { onDone: setOpened });
  const { run } = open;
  useEffect(() => {
    function readAddress(): void {
      const code = readCode(location.hash);
      if (code === undefined) return;
      // A secret does not stay in the address bar, and is read once.
      history.replaceState(null, '', location.pathname);
      void run({ code });
    }
    readAddress();
    // A link that is opened where this page stands changes nothing else.
    addEventListener('hashchange', readAddress);
    return () => removeEventListener('hashchange', readAddress);
  }, [run]);
  if (join) return <Opened join={join} onAgain={() => setOpened(undefined)} />;
  return (
    <div className="flex max-w-xl flex-col gap-4">
      <FailureCallout failure={open.failure} />
      <CodeForm pending={open.pending} onCode={(code) => void open.run({ code })} />
      <Scanner onCode={(code) => void open.run({ code })} />
    </div>
  );
}

function CodeForm({ pending, onCode }: { readonly pending: boolean; readonly onCode: (code: string) => void }) {
  const t = useTranslations('pair');
  const [text, setText] = useState('');
  const [isWrong, setWrong] = useState(false);
  function submit(event: FormEvent): void {
    event.preventDefault();
    const code = readCode(text);
    setWrong(code === undefined);
    if (code !== undefined) onCode(code);
  }
  return (
    <form method="post" onSubmit={submit} noValidate className="flex flex-col gap-3">
      <Field label={t('code')} hint={t('codeHint')} {...(isWrong ? { error: t('codeWrong') } : {})}>
        <FieldInput
          value={text}
          onChange={(event) => setText(event.target.value)}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          className="font-mono"
        />
      </Field>
      <Button type="submit" variant="primary" loading={pending} className="self-start">
        {t('open')}
      </Button>
    </form>
  );
}

/** The camera where the browser allows it, a photo everywhere. */
function Scanner({ onCode }: { readonly onCode: (code: string) => void }) {
  const t = useTranslations('pair');
  const [isOn, setOn] = useState(false);
  const [photo, setPhoto] = useState<'none' | 'read'>('read');
  const { video, failure } = useCamera(isOn, (code) => {
    setOn(false);
    onCode(code);
  });
  async function takePhoto(event: ChangeEvent<HTMLInputElement>): Promise<void> {
    const [file] = event.target.files ?? [];
    if (!file) return;
    const text = await readPhoto(file).catch(() => undefined);
    const code = text === undefined ? undefined : readCode(text);
    setPhoto(code === undefined ? 'none' : 'read');
    if (code !== undefined) onCode(code);
  }
  return (
    <Card className="flex flex-col gap-3 p-4">
      <h2 className="font-semibold">{t('scan')}</h2>
      {isOn ? (
        <video ref={video} muted playsInline aria-label={t('cameraView')} className="aspect-video w-full rounded-md bg-sunken" />
      ) : mayUseCamera() ? (
        <Button icon={<Camera aria-hidden />} onClick={() => setOn(true)} className="self-start">
          {t('camera')}
        </Button>
      ) : (
        <p className="text-ink-soft">{t('noCamera')}</p>
      )}
      {failure === undefined ? null : <p role="alert">{t('cameraFailed', { reason: failure })}</p>}
      <Field label={t('photo')} {...(photo === 'none' ? { error: t('photoWrong') } : {})}>
        <FieldInput
          type="file"
          accept="image/*"
          capture="environment"
          onChange={(event) => void takePhoto(event)}
          className="h-auto py-1.5 text-sm text-ink-soft file:mr-3 file:h-8 file:rounded-md file:border-0 file:bg-sunken file:px-3 file:font-medium file:text-ink"
        />
      </Field>
    </Card>
  );
}

function Opened({ join, onAgain }: { readonly join: Join; readonly onAgain: () => void }) {
  const t = useTranslations('pair');
  const add = useTranslations('addDevice');
  const node = useNode(join.nodeId ?? '');
  const now = useNow();
  const [name, setName] = useState('');
  const [labels, setLabels] = useState('');
  const read = readLabels(labels);
  const [lending, setLending] = useState<LendingRule>({});
  if (node)
    return (
      <div className="flex max-w-xl flex-col gap-4">
        <p role="status" className="text-lg font-semibold">
          {add('joinedTitle', { name: node.name })}
        </p>
        <DeviceCard node={node} />
      </div>
    );
  const over = overOf(join, now);
  if (over)
    return (
      <div className="flex max-w-xl flex-col gap-4">
        <p role="status">{add(`over.${over}`)}</p>
        <Button onClick={onAgain} className="self-start">
          {t('again')}
        </Button>
      </div>
    );
  return (
    <div className="flex max-w-xl flex-col gap-4">
      <Field label={add('name')} hint={add('nameHint')}>
        <FieldInput value={name} onChange={(event) => setName(event.target.value)} maxLength={63} autoComplete="off" />
      </Field>
      <LabelsField rows={2} text={labels} read={read} onChange={setLabels} />
      <details className="rounded-lg border px-3 py-2">
        <summary className="cursor-pointer font-medium">{add('lendingTitle')}</summary>
        <div className="pt-3">
          <LendingFields rule={lending} onChange={setLending} />
        </div>
      </details>
      <Approval
        join={join}
        blocked={read.kind === 'wrong'}
        terms={{ ...(name.trim() === '' ? {} : { name: name.trim() }), labels: read.kind === 'labels' ? { ...read.labels } : {}, lending }}
      />
      {join.state === 'approval' ? null : <p role="status">{t('waiting')}</p>}
    </div>
  );
}
