'use client';

import type { CloudlessNode, Fingerprint } from '@cloudless/proto';
import { Badge, StateShape } from '@cloudless/ui';
import { BatteryMedium, Cable, Plug, Signal, Wifi } from 'lucide-react';
import { useTranslations } from 'next-intl';
import type { ReactNode } from 'react';
import { Since } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { NodeState } from '#web/states/state-of.tsx';
import { useCauseText } from '#web/states/use-texts.ts';

const LINK_ICON = { wired: Cable, wifi: Wifi, mobile: Signal } as const;

const Fact = ({ icon, children }: { readonly icon: ReactNode; readonly children: ReactNode }) => (
  <span className="inline-flex items-center gap-1 text-xs text-ink-soft [&_svg]:size-3.5">
    {icon}
    {children}
  </span>
);

/** What feeds the device; nothing where it does not know. */
export function Power({ power }: { readonly power: Fingerprint['power'] }) {
  const t = useTranslations('devices');
  const format = useFormat();
  if (power.source === 'unknown') return null;
  if (power.source === 'mains') return <Fact icon={<Plug aria-hidden />}>{t('power.mains')}</Fact>;
  const text =
    power.batteryPercent === undefined ? t('power.battery') : t('power.batteryAt', { share: format.share(power.batteryPercent / 100) });
  return <Fact icon={<BatteryMedium aria-hidden />}>{text}</Fact>;
}

/** What connects the device; nothing where it does not know. */
export function NetworkLink({ link }: { readonly link: Fingerprint['link'] }) {
  const t = useTranslations('devices');
  if (link.type === 'unknown') return null;
  const Icon = LINK_ICON[link.type];
  return (
    <Fact icon={<Icon aria-hidden />}>
      {t(`link.${link.type}`)}
      {link.metered === true ? `, ${t('link.metered')}` : ''}
    </Fact>
  );
}

/** The two channels: signs of life, and commands. `short` leaves the word for the second to who hears it. */
export function Channels({ node, short = false }: { readonly node: CloudlessNode; readonly short?: boolean }) {
  const t = useTranslations('devices');
  const { heartbeat, command } = node.channels;
  const beat = heartbeat.connected
    ? heartbeat.rttMs === undefined
      ? t('connected')
      : t('ms', { count: Math.round(heartbeat.rttMs) })
    : t('silent');
  return (
    <span className="flex flex-wrap gap-x-3 gap-y-1">
      <Fact icon={<StateShape tone={heartbeat.connected ? 'good' : 'bad'} className="size-2.5" />}>
        {t('heartbeat')} {beat}
      </Fact>
      <Fact icon={<StateShape tone={command.connected ? 'good' : 'bad'} className="size-2.5" />}>
        {t('command')} <span className={short ? 'sr-only' : ''}>{command.connected ? t('connected') : t('closed')}</span>
      </Fact>
    </span>
  );
}

/** Operating system and architecture. */
export function useSystemText(): (node: CloudlessNode) => string {
  const t = useTranslations('devices');
  return ({ fingerprint }) => (fingerprint === undefined ? t('unknownSystem') : `${fingerprint.os} · ${fingerprint.arch}`);
}

/** State, since when, and why. */
export function StateLine({ node }: { readonly node: CloudlessNode }) {
  const causeText = useCauseText();
  return (
    <div className="flex flex-col gap-0.5">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <NodeState node={node} />
        <Since at={node.state.sinceAt} className="text-xs text-ink-soft" />
      </p>
      {node.state.word === 'online' ? null : <p className="text-sm text-ink-soft">{causeText(node.state.cause)}</p>}
    </div>
  );
}

/** Marks beside the name. */
export function NodeBadges({ node }: { readonly node: CloudlessNode }) {
  const t = useTranslations('devices');
  return (
    <>
      {node.local ? <Badge>{t('local')}</Badge> : null}
      {node.schedulable ? null : (
        <Badge tone="warn" title={t('cordonedText')}>
          {t('cordoned')}
        </Badge>
      )}
    </>
  );
}
