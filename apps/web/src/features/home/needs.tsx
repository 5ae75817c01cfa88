'use client';

import { Button, Card, Section, StateShape, buttonClasses, toast, type Tone } from '@cloudless/ui';
import { KeyRound } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useEffect, useState, type ReactNode } from 'react';
import { useNodes, useWorkloads } from '#web/live/use-entities.ts';
import { canUsePasskeys } from '#web/session/can-use-passkeys.ts';
import { useSession } from '#web/session/session.tsx';
import { NODE_TONE, WORKLOAD_TONE } from '#web/states/tones.ts';
import { useCauseText } from '#web/states/use-texts.ts';
import { isAway, isTroubled } from './health.ts';

const FEW_CODES = 3;
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
export function Needs() {
  const t = useTranslations('home');
  const entityNeeds = useEntityNeeds();
  const passkey = usePasskeyOffer();
  const codes = useCodesNeed();
  const needs = [...entityNeeds, ...codes, ...passkey];
  if (needs.length === 0) return null;
  return (
    <Section title={t('needs')} headingId="needs">
      <Card>
        <ul>{needs}</ul>
      </Card>
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
        text={causeText(status.cause)}
        actions={<GoTo href={`/apps/${id}`} text={t('look')} name={name} />}
      />
    ));
  return [...nodes, ...apps].slice(0, MOST);
}

function useCodesNeed(): readonly ReactNode[] {
  const t = useTranslations('home');
  const { recoveryCodesLeft: left } = useSession();
  if (left >= FEW_CODES) return [];
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
  return [<Need key="passkey" tone="idle" title={t('need.passkey')} text={t('need.passkeyText')} actions={actions} />];
}
