'use client';

import { Button, Callout, Section, buttonClasses, toast } from '@cloudless/ui';
import { KeyRound } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useEffect, useState, type ReactNode } from 'react';
import { useNodes, useWorkloads } from '#web/live/use-entities.ts';
import { authClient, canUsePasskeys } from '#web/session/auth-client.ts';
import { useSession } from '#web/session/session.tsx';
import { NODE_TONE, WORKLOAD_TONE } from '#web/states/tones.ts';
import { useCauseText } from '#web/states/use-texts.ts';
import { isAway, isTroubled } from './health.ts';

const FEW_CODES = 3;
/** The rest is on the pages of apps and devices. */
const MOST = 6;

const GoTo = ({ href, text }: { readonly href: string; readonly text: string }) => (
  <Link href={href} className={buttonClasses({ size: 'sm' })}>
    {text}
  </Link>
);

/** What waits for a person, each with its cause and one thing to do. Absent when there is nothing. */
export function Needs() {
  const t = useTranslations('home');
  const entityNeeds = useEntityNeeds();
  const passkey = usePasskeyOffer();
  const codes = useCodesNeed();
  const needs = [...entityNeeds, ...codes, ...passkey];
  if (needs.length === 0) return null;
  return (
    <Section title={t('needs')} headingId="needs">
      <div className="grid gap-2 lg:grid-cols-2">{needs}</div>
    </Section>
  );
}

function useEntityNeeds(): readonly ReactNode[] {
  const t = useTranslations('home');
  const states = useTranslations('states');
  const causeText = useCauseText();
  const nodes = useNodes()
    .filter(isAway)
    .map(({ id, name, state }) => (
      <Callout
        key={id}
        tone={NODE_TONE[state.word]}
        title={t('need.node', { name, state: states(`node.${state.word}`) })}
        actions={<GoTo href={`/devices/${id}`} text={t('look')} />}
      >
        <p>{causeText(state.cause)}</p>
      </Callout>
    ));
  const apps = useWorkloads()
    .filter(isTroubled)
    .map(({ id, name, status }) => (
      <Callout
        key={id}
        tone={WORKLOAD_TONE[status.condition]}
        title={t('need.workload', { name, state: states(`workload.${status.condition}`) })}
        actions={<GoTo href={`/apps/${id}`} text={t('look')} />}
      >
        <p className="line-clamp-3">{causeText(status.cause)}</p>
      </Callout>
    ));
  return [...nodes, ...apps].slice(0, MOST);
}

function useCodesNeed(): readonly ReactNode[] {
  const t = useTranslations('home');
  const { recoveryCodesLeft: left } = useSession();
  if (left >= FEW_CODES) return [];
  return [
    <Callout key="codes" tone="warn" title={t('need.codes', { left })} actions={<GoTo href="/settings" text={t('look')} />}>
      <p>{t('need.codesText')}</p>
    </Callout>,
  ];
}

const DISMISSED = 'cloudless-passkey-later';

function usePasskeyOffer(): readonly ReactNode[] {
  const t = useTranslations('home');
  const [isOffered, setOffered] = useState(false);
  useEffect(() => {
    if (!canUsePasskeys() || localStorage.getItem(DISMISSED) !== null) return;
    void authClient()
      .passkey.listUserPasskeys()
      .then(
        ({ data }) => setOffered(data?.length === 0),
        () => undefined,
      );
  }, []);
  async function add(): Promise<void> {
    const { error } = (await authClient().passkey.addPasskey()) ?? {};
    if (error) toast({ tone: 'bad', title: t('need.passkeyFailed'), text: error.message ?? error.statusText });
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
  return [
    <Callout key="passkey" tone="idle" title={t('need.passkey')} actions={actions}>
      <p>{t('need.passkeyText')}</p>
    </Callout>,
  ];
}
