'use client';

import type { CloudlessNode } from '@cloudless/proto';
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import Link from 'next/link';
import { Since } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { useLentUsage } from '#web/live/use-entities.ts';
import { NodeState } from '#web/states/state-of.tsx';
import { Channels, NodeBadges, useSystemText } from './device-facts.tsx';

/** Devices in rows, for many. */
export function DeviceTable({ nodes }: { readonly nodes: readonly CloudlessNode[] }) {
  const t = useTranslations('devices');
  return (
    <Table label={t('title')}>
      <TableHead>
        <tr>
          <TableHeader>{t('name')}</TableHeader>
          <TableHeader>{t('state')}</TableHeader>
          <TableHeader>{t('system')}</TableHeader>
          <TableHeader>{t('cpu')}</TableHeader>
          <TableHeader>{t('memory')}</TableHeader>
          <TableHeader>{t('replicas')}</TableHeader>
          <TableHeader>{t('channels')}</TableHeader>
        </tr>
      </TableHead>
      <TableBody>
        {nodes.map((node) => (
          <DeviceRow key={node.id} node={node} />
        ))}
      </TableBody>
    </Table>
  );
}

function DeviceRow({ node }: { readonly node: CloudlessNode }) {
  const format = useFormat();
  const systemText = useSystemText();
  const used = useLentUsage(node);
  const { allocatable } = node;
  const cpu = used === undefined ? '' : `${format.coresBare(used.cpuMillicores)} / `;
  const memory = used === undefined ? '' : `${format.bytes(used.memoryBytes)} / `;
  return (
    <TableRow>
      <TableCell>
        <span className="flex items-center gap-2">
          <Link href={`/devices/${node.id}`} className="max-w-56 truncate font-medium hover:underline">
            {node.name}
          </Link>
          <NodeBadges node={node} />
        </span>
      </TableCell>
      <TableCell className="whitespace-nowrap">
        <NodeState node={node} /> <Since at={node.state.sinceAt} className="text-xs text-ink-soft" />
      </TableCell>
      <TableCell className="max-w-48 truncate text-ink-soft">{systemText(node)}</TableCell>
      <TableCell className="whitespace-nowrap">
        {cpu}
        {format.cores(allocatable.cpuMillicores)}
      </TableCell>
      <TableCell className="whitespace-nowrap">
        {memory}
        {format.bytes(allocatable.memoryBytes)}
      </TableCell>
      <TableCell>{format.count(node.allocationCount)}</TableCell>
      <TableCell className="whitespace-nowrap">
        <Channels node={node} short />
      </TableCell>
    </TableRow>
  );
}
