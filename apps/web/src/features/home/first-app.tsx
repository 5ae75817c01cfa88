'use client';

import type { ProcedureOutput } from '@cloudless/proto';
import { Button, Card, Section, buttonClasses, cn } from '@cloudless/ui';
import { Download, Rocket } from 'lucide-react';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { useRouter } from 'next/navigation';
import { CopyAs } from '#web/live/copy-as.tsx';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAction } from '#web/live/use-action.ts';
import { useAsk } from '#web/live/use-ask.ts';
import { useMay } from '#web/session/session.tsx';
import { AddDeviceButton } from '../add-device/add-device-button.tsx';

type Entry = ProcedureOutput<'catalogue.list'>['rows'][number];

/** The ways to an app: from the catalogue by one click, and with `ownToo` the way to one's own image. */
export function FirstApp({ ownToo = true }: { readonly ownToo?: boolean }) {
  const t = useTranslations('home');
  const catalogue = useAsk('catalogue.list', {}, { staleMs: 60_000 });
  return (
    <Section title={t('firstApp')} headingId="first-app">
      <div className={cn('grid gap-3 md:grid-cols-2', ownToo && 'xl:grid-cols-3')}>
        <FailureCallout failure={catalogue.error ?? undefined} onRetry={() => void catalogue.refetch()} />
        {catalogue.data?.rows
          .filter(({ available }) => available)
          .map((entry) => (
            <InstallCard key={entry.id} entry={entry} />
          ))}
        {ownToo ? <OwnCard /> : null}
        {ownToo ? <AddCard /> : null}
      </div>
    </Section>
  );
}

function OwnCard() {
  const t = useTranslations('home');
  return (
    <Card className="flex flex-col gap-3 p-4">
      <div>
        <h3 className="font-semibold">{t('ownTitle')}</h3>
        <p className="text-ink-soft">{t('ownText')}</p>
      </div>
      <Link href="/deploy" className={buttonClasses({ className: 'mt-auto self-start' })}>
        <Rocket aria-hidden />
        {t('ownButton')}
      </Link>
    </Card>
  );
}

function AddCard() {
  const t = useTranslations('home');
  const may = useMay();
  if (!may('node.enrol')) return null;
  return (
    <Card className="flex flex-col gap-3 p-4">
      <div>
        <h3 className="font-semibold">{t('addTitle')}</h3>
        <p className="text-ink-soft">{t('addText')}</p>
      </div>
      <div className="mt-auto self-start">
        <AddDeviceButton variant="secondary" />
      </div>
    </Card>
  );
}

/** In the reader's language for what this release brings; else as the catalogue has it. */
function useDescription({ id, description }: Entry): string {
  const t = useTranslations('home.catalogue');
  const key = id as Parameters<typeof t.has>[0];
  return t.has(key) ? t(key) : description;
}

function InstallCard({ entry }: { readonly entry: Entry }) {
  const t = useTranslations('home');
  const description = useDescription(entry);
  const router = useRouter();
  const input = { metadata: entry.metadata, spec: entry.spec };
  const install = useAction('workload.create', {
    receipt: ({ name }) => t('installed', { name }),
    onDone: ({ id }) => router.push(`/apps/${id}`),
  });
  return (
    <Card className="flex flex-col gap-3 p-4">
      <div>
        <h3 className="font-semibold">{entry.title}</h3>
        <p className="text-ink-soft">{t('oneClick', { description })}</p>
        <p className="text-xs text-ink-soft">{t('licence', { license: entry.license })}</p>
      </div>
      <FailureCallout failure={install.failure} />
      <div className="mt-auto flex items-center gap-1">
        <Button variant="primary" icon={<Download aria-hidden />} loading={install.pending} onClick={() => void install.run(input)}>
          {t('install', { title: entry.title })}
        </Button>
        <CopyAs name="workload.create" what={t('install', { title: entry.title })} input={input} />
      </div>
    </Card>
  );
}
