'use client';

import { Button, Card, Section, StateShape, buttonClasses, toast, type Tone } from '@cloudless/ui';
import type { Join } from '@cloudless/proto';
import { KeyRound } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useEffect, useState, type ReactNode } from 'react';
import { useEvents, useJoins, useNodes, useWorkloads } from '#web/live/use-entities.ts';
import { useNow } from '#web/live/use-now.ts';
import { canUsePasskeys } from '#web/session/can-use-passkeys.ts';
import { passkeyRefusalOf } from '#web/session/passkey-refusal.ts';
import { useSession } from '#web/session/session.tsx';
import { NODE_TONE, WORKLOAD_TONE } from '#web/states/tones.ts';
import { useCauseText, useEventText, useStatusText } from '#web/states/use-texts.ts';
import { Approval } from '../add-device/approval.tsx';
import type { ControlPlaneSentence } from '../control-plane/judge-control-plane.ts';
import { isAway, isTroubled } from './health.ts';

const FEW_CODES = 3;
const DAY_MS = 86_400_000;
/** The rest is on the pages of apps and devices. */
const MOST = 6;

/** `name` tells links of one text apart for who hears them. */
const GoTo = ({ href, text, name }: { readonly href: string; readonly text: string; readonly name?: string }) => (
  <Link href={href} className={buttonClasses({ size: 'sm' })}>
    {text}
    {name === undefined ? null : <span className="sr-only">{name}</span>}
  </Link>
);

/** One line: what it is, why, and one thing to do. */
function Need({
  tone,
  title,
  text,
  actions,
}: {
  readonly tone: Tone;
  readonly title: string;
  readonly text: string;
  readonly actions: ReactNode;
}) {
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 border-b px-3 py-2.5 last:border-b-0">
      <div className="flex min-w-0 flex-1 basis-72 gap-2.5">
        <StateShape tone={tone} className="mt-1" />
        <div className="min-w-0">
          <p className="font-medium">{title}</p>
          <p className="line-clamp-3 text-ink-soft">{text}</p>
        </div>
      </div>
      <div className="flex gap-2 max-sm:pl-5.5">{actions}</div>
    </li>
  );
}

/** What waits for a person, each with its cause and one thing to do. Absent when there is nothing. */
export function Needs({ storeTrouble }: { readonly storeTrouble: ControlPlaneSentence | undefined }) {
  const t = useTranslations('home');
  const store = useStoreNeed(storeTrouble);
  const entityNeeds = useEntityNeeds();
  const passkey = usePasskeyOffer();
  const codes = useCodesNeed();
  const joins = useJoinNeeds();
  const needs = [...joins, ...store, ...entityNeeds, ...codes, ...passkey];
  if (needs.length === 0) return null;
  return (
    <Section title={t('needs')} headingId="needs">
      <Card>
        <ul>{needs}</ul>
      </Card>
    </Section>
  );
}

function useStoreNeed(trouble: ControlPlaneSentence | undefined): readonly ReactNode[] {
  const t = useTranslations('home');
  const sentences = useTranslations('controlPlane.sentence');
  if (trouble === undefined) return [];
  const text = sentences(trouble.code, trouble.params);
  return [
    <Need
      key="store"
      tone={trouble.tone}
      title={t('need.store')}
      text={text}
      actions={<GoTo href="/settings/cluster" text={t('look')} name={t('need.store')} />}
    />,
  ];
}

function useEntityNeeds(): readonly ReactNode[] {
  const t = useTranslations('home');
  const states = useTranslations('states');
  const causeText = useCauseText();
  const statusText = useStatusText();
  const nodes = useNodes()
    .filter(isAway)
    .map(({ id, name, state }) => (
      <Need
        key={id}
        tone={NODE_TONE[state.word]}
        title={t('need.node', { name, state: states(`node.${state.word}`) })}
        text={causeText(state.cause)}
        actions={<GoTo href={`/devices/${id}`} text={t('look')} name={name} />}
      />
    ));
  const apps = useWorkloads()
    .filter(isTroubled)
    .map(({ id, name, status }) => (
      <Need
        key={id}
        tone={WORKLOAD_TONE[status.condition]}
        title={t('need.workload', { name, state: states(`workload.${status.condition}`) })}
        text={statusText(status)}
        actions={<GoTo href={`/apps/${id}`} text={t('look')} name={name} />}
      />
    ));
  return [...nodes, ...apps].slice(0, MOST);
}

/** Devices that wait, joins that may be attacks, and a coordinator that may fall asleep. */
function useJoinNeeds(): readonly ReactNode[] {
  const t = useTranslations('home');
  const eventText = useEventText();
  const now = useNow();
  const waiting = useJoins()
    .filter(({ state, candidate }) => state === 'approval' && candidate !== undefined)
    .map(({ id, candidate }) => (
      <li key={id} className="border-b px-3 py-2.5 last:border-b-0">
        <Waiting id={id} name={candidate?.hostname ?? ''} />
      </li>
    ));
  const attacks = useEvents()
    .filter(({ kind, at }) => (kind === 'join.attacked' || kind === 'node.identityCopied') && now - at < DAY_MS)
    .slice(0, 1)
    .map((event) => (
      <Need key={event.id} tone="bad" title={eventText(event)} text={event.message} actions={<GoTo href="/activity" text={t('look')} />} />
    ));
  const sleeper = useNodes().find(
    ({ local, fingerprint }) => local && (fingerprint?.power.batteryPercent !== undefined || fingerprint?.power.source === 'battery'),
  );
  const sleeps = sleeper
    ? [
        <Need
          key="sleeps"
          tone="warn"
          title={t('need.sleeps', { name: sleeper.name })}
          text={t('need.sleepsText')}
          actions={<GoTo href={`/devices/${sleeper.id}`} text={t('look')} name={sleeper.name} />}
        />,
      ]
    : [];
  return [...waiting, ...attacks, ...sleeps];
}

function Waiting({ id, name }: { readonly id: Join['id']; readonly name: string }) {
  const t = useTranslations('home');
  const join = useJoins().find((each) => each.id === id);
  if (!join) return null;
  return (
    <div className="flex flex-col gap-2">
      <p className="font-medium">{t('need.join', { name })}</p>
      <p className="text-ink-soft">{t('need.joinText')}</p>
      <Approval join={join} />
    </div>
  );
}

function useCodesNeed(): readonly ReactNode[] {
  const t = useTranslations('home');
  const { recoveryCodesLeft: left } = useSession();
  if (left === undefined || left >= FEW_CODES) return [];
  return [
    <Need
      key="codes"
      tone="warn"
      title={t('need.codes', { left })}
      text={t('need.codesText')}
      actions={<GoTo href="/settings" text={t('look')} />}
    />,
  ];
}

/** Loaded when it is needed: Home shows without it. */
const loadAuth = async () => (await import('#web/session/auth-client.ts')).authClient();

const DISMISSED = 'cloudless-passkey-later';

function usePasskeyOffer(): readonly ReactNode[] {
  const t = useTranslations('home');
  const refusals = useTranslations('settings.passkeyRefusal');
  const [isOffered, setOffered] = useState(false);
  useEffect(() => {
    if (!canUsePasskeys() || localStorage.getItem(DISMISSED) !== null) return;
    void loadAuth()
      .then((auth) => auth.passkey.listUserPasskeys())
      .then(
        ({ data }) => setOffered(data?.length === 0),
        () => undefined,
      );
  }, []);
  async function add(): Promise<void> {
    const auth = await loadAuth();
    const { error } = (await auth.passkey.addPasskey()) ?? {};
    if (error) toast({ tone: 'bad', title: t('need.passkeyFailed'), text: refusals(passkeyRefusalOf(error)) });
    else {
      setOffered(false);
      toast({ title: t('need.passkeyAdded') });
    }
  }
  function dismiss(): void {
    localStorage.setItem(DISMISSED, '1');
    setOffered(false);
  }
  if (!isOffered) return [];
  const actions = (
    <>
      <Button size="sm" icon={<KeyRound aria-hidden />} onClick={() => void add()}>
        {t('need.passkeyAdd')}
      </Button>
      <Button size="sm" variant="ghost" onClick={dismiss}>
        {t('need.notNow')}
      </Button>
    </>
  );
  return [<Need key="passkey" tone="idle" title={t('need.passkey')} text={t('need.passkeyText')} actions={actions} />];
}
