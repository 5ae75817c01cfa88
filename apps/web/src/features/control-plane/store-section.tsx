'use client';

import type { StoreNode, StoreStatus } from '@cloudless/proto';
import { Callout, Section, StateMark, Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from '@cloudless/ui';
import { useTranslations } from 'next-intl';
import { Age } from '#web/format/age.tsx';
import { useFormat } from '#web/format/use-format.ts';
import { useCauseText } from '#web/states/use-texts.ts';
import { Facts } from '../settings/facts.tsx';

/** Where the durable state lies. */
export function StoreSection({ store }: { readonly store: StoreStatus }) {
  const t = useTranslations('controlPlane');
  const format = useFormat();
  return (
    <Section title={t('store')} headingId="store">
      {store.kind === 'sqlite' ? (
        <Facts
          facts={[
            { name: t('storeKind'), value: t('embedded') },
            { name: t('file'), value: <code className="font-mono text-xs">{store.path}</code> },
            { name: t('size'), value: format.bytes(store.bytes) },
          ]}
        />
      ) : (
        <StoreNodes store={store} />
      )}
    </Section>
  );
}

function StoreNodes({ store }: { readonly store: Extract<StoreStatus, { kind: 'rqlite' }> }) {
  const t = useTranslations('controlPlane');
  const causeText = useCauseText();
  return (
    <>
      {store.failure === undefined ? null : (
        <Callout tone="warn" title={t('storeFailure')}>
          <p>{causeText(store.failure)}</p>
        </Callout>
      )}
      {store.nodes.length === 0 ? null : (
        <Table label={t('storeNodes')} stacks>
          <TableHead>
            <TableRow>
              {(['name', 'state', 'address', 'lag', 'version'] as const).map((column) => (
                <TableHeader key={column}>{t(`column.${column}`)}</TableHeader>
              ))}
            </TableRow>
          </TableHead>
          <TableBody>
            {store.nodes.map((node) => (
              <StoreNodeRow key={node.id} node={node} />
            ))}
          </TableBody>
        </Table>
      )}
      <p className="text-xs text-ink-soft">
        {t('asked')} <Age at={store.checkedAt} />
      </p>
    </>
  );
}

function StoreNodeRow({ node }: { readonly node: StoreNode }) {
  const t = useTranslations('controlPlane');
  return (
    <TableRow data-testid="store-node">
      <TableCell className="font-medium break-all">{node.id}</TableCell>
      <TableCell label={t('column.state')}>
        {!node.reachable ? (
          <StateMark tone="bad" word={t('unreachable')} />
        ) : node.silent ? (
          <StateMark tone="warn" word={t('silent')} />
        ) : (
          <StateMark tone="good" word={t(`storeRole.${node.role}`)} />
        )}
        {node.reachable || node.reachedAt === undefined ? null : (
          <p className="text-xs text-ink-soft">
            {t('lastReached')} <Age at={node.reachedAt} />
          </p>
        )}
      </TableCell>
      <TableCell label={t('column.address')} className="break-all">
        {node.address}
      </TableCell>
      <TableCell label={t('column.lag')}>
        {node.lagEntries === undefined ? t('notMeasured') : t('entries', { count: node.lagEntries })}
      </TableCell>
      <TableCell label={t('column.version')}>{node.version ?? t('notMeasured')}</TableCell>
    </TableRow>
  );
}
