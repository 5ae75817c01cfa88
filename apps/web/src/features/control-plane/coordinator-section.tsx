'use client';

import type { ClusterStatus } from '@cloudless/proto';
import { Section, StateMark, Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { Age, Since } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';

/** Who leads, and who would take over. */
export function CoordinatorSection({ status }: { readonly status: ClusterStatus }) {
  const t = useTranslations('controlPlane');
  const format = useFormat();
  const { coordinators, leadership, epoch, token } = status;
  return (
    <Section title={t('coordinators')} headingId="coordinators">
      <Table label={t('coordinators')} stacks>
        <TableHead>
          <TableRow>
            {(['name', 'role', 'address', 'version', 'seen'] as const).map((column) => (
              <TableHeader key={column}>{t(`column.${column}`)}</TableHeader>
            ))}
          </TableRow>
        </TableHead>
        <TableBody>
          {coordinators.map((one) => (
            <TableRow key={one.id} data-testid="coordinator">
              <TableCell className="font-medium break-all">{one.id}</TableCell>
              <TableCell label={t('column.role')}>
                <span className="flex flex-wrap items-center gap-x-2">
                  <StateMark
                    tone={one.role === 'leader' ? (leadership.state === 'unconfirmed' ? 'bad' : 'good') : 'idle'}
                    word={t(`role.${one.role}`)}
                  />
                  <Since at={one.sinceAt} className="text-xs text-ink-soft" />
                </span>
              </TableCell>
              <TableCell label={t('column.address')} className="break-all">
                {one.address ?? t('onlyHere')}
              </TableCell>
              <TableCell label={t('column.version')}>{one.version}</TableCell>
              <TableCell label={t('column.seen')}>
                <Age at={one.seenAt} />
              </TableCell>
            </TableRow>
          ))}
        </TableBody>
      </Table>
      <p className="text-xs text-ink-soft">{t('epochToken', { epoch: format.count(epoch), token: format.count(token) })}</p>
    </Section>
  );
}
