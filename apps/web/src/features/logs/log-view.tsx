'use client';

import type { WorkloadId } from '@cloudless/proto';
import { Button, Checkbox, Select, cn } from '@cloudless/ui';
import { useVirtualizer } from '@tanstack/react-virtual';
import { Download, Pause, Play } from 'lucide-react';
import { useTranslations } from 'next-intl';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useFormat } from '#web/format/use-format.ts';
import { FailureCallout } from '#web/live/failure-callout.tsx';
import { useAllocations } from '#web/live/use-entities.ts';
import { FilterField } from '#web/shell/filter-field.tsx';
import { filterEntries, parseAnsi, toText, type LogEntry, type LogFilter } from './log-buffer.ts';
import { useLog } from './use-log.ts';

/** Gutter of each replica; its number stands in text beside it. */
const GUTTERS = ['border-l-accent', 'border-l-good', 'border-l-warn', 'border-l-bad', 'border-l-busy', 'border-l-idle'] as const;
const COLOURS = ['', 'text-bad', 'text-good', 'text-warn', 'text-busy', 'text-accent', 'text-busy', ''] as const;
const ROW_PX = 20;

function download(name: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  link.download = `${name}.log`;
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Logs of all replicas, merged and live: follow or pause, filter, wrap, download. */
export function LogView({ workloadId, name }: { readonly workloadId: WorkloadId; readonly name: string }) {
  const t = useTranslations('logs');
  const { buffer, state, failure } = useLog(workloadId);
  const [filter, setFilter] = useState<LogFilter>({ text: '', stream: 'all' });
  const [wrap, setWrap] = useState(true);
  const [pausedAt, setPausedAt] = useState<number>();
  const replicaOf = useReplicas(workloadId);
  const shown = useMemo(() => {
    const dropped = buffer.total - buffer.entries.length;
    const entries = pausedAt === undefined ? buffer.entries : buffer.entries.slice(0, Math.max(0, pausedAt - dropped));
    return filterEntries(entries, filter);
  }, [buffer, pausedAt, filter]);
  const fresh = pausedAt === undefined ? 0 : buffer.total - pausedAt;
  return (
    <div className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <FilterField label={t('filter')} value={filter.text} onChange={(text) => setFilter({ ...filter, text })} />
        <Select
          aria-label={t('stream')}
          value={filter.stream}
          onChange={(event) => setFilter({ ...filter, stream: event.target.value as LogFilter['stream'] })}
          options={(['all', 'stdout', 'stderr'] as const).map((value) => ({ value, label: t(`streams.${value}`) }))}
        />
        <Checkbox label={t('wrap')} checked={wrap} onCheckedChange={setWrap} />
        <div className="ml-auto flex flex-wrap items-center gap-2">
          <span role="status" className="text-sm text-ink-soft">
            {fresh > 0 ? t('newLines', { count: fresh }) : state === 'live' ? '' : t('connecting')}
          </span>
          <Button
            icon={pausedAt === undefined ? <Pause aria-hidden /> : <Play aria-hidden />}
            onClick={() => setPausedAt(pausedAt === undefined ? buffer.total : undefined)}
          >
            {pausedAt === undefined ? t('pause') : t('follow')}
          </Button>
          <Button
            icon={<Download aria-hidden />}
            onClick={() =>
              download(
                name,
                toText(shown, (id) => t('replica', { replica: replicaOf(id) })),
              )
            }
          >
            {t('download')}
          </Button>
        </div>
      </div>
      <FailureCallout failure={failure} />
      <Lines
        entries={shown}
        wrap={wrap}
        follow={pausedAt === undefined}
        replicaOf={replicaOf}
        onScrolledUp={() => setPausedAt(buffer.total)}
      />
    </div>
  );
}

/** The number by which people know a replica. */
function useReplicas(workloadId: WorkloadId): (allocationId: string) => number {
  const rows = useAllocations({ workloadId });
  return useMemo(() => {
    const slots = new Map(rows.map((row) => [row.id as string, row.slot + 1]));
    return (id) => slots.get(id) ?? 0;
  }, [rows]);
}

type LinesProps = {
  readonly entries: readonly LogEntry[];
  readonly wrap: boolean;
  readonly follow: boolean;
  readonly replicaOf: (allocationId: string) => number;
  readonly onScrolledUp: () => void;
};

function Lines({ entries, wrap, follow, replicaOf, onScrolledUp }: LinesProps) {
  const t = useTranslations('logs');
  const place = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: entries.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PX,
    overscan: 20,
    getItemKey: (index) => entries[index]?.key ?? index,
  });
  useEffect(() => {
    if (follow && entries.length > 0) virtual.scrollToIndex(entries.length - 1, { align: 'end' });
  }, [follow, entries.length, virtual]);
  return (
    <div
      ref={place}
      role="log"
      aria-label={t('title')}
      tabIndex={0}
      onWheel={(event) => {
        if (event.deltaY < 0 && follow && entries.length > 0) onScrolledUp();
      }}
      className="h-[60dvh] min-h-64 overflow-auto rounded-lg border bg-sunken font-mono text-xs"
    >
      {entries.length === 0 ? <p className="p-3 text-ink-soft">{t('empty')}</p> : null}
      <div ref={(element) => element?.style.setProperty('height', `${virtual.getTotalSize()}px`)} className="relative w-full">
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const entry = entries[index];
          return entry === undefined ? null : (
            <div
              key={key}
              data-index={index}
              ref={(element) => {
                element?.style.setProperty('transform', `translateY(${start}px)`);
                virtual.measureElement(element);
              }}
              className="absolute top-0 left-0 w-full"
            >
              <Line entry={entry} wrap={wrap} replica={replicaOf(entry.kind === 'gap' ? entry.allocationId : entry.line.allocationId)} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Line({ entry, wrap, replica }: { readonly entry: LogEntry; readonly wrap: boolean; readonly replica: number }) {
  const t = useTranslations('logs');
  const format = useFormat();
  const gutter = GUTTERS[replica % GUTTERS.length] ?? GUTTERS[0];
  const frame = cn('flex gap-2 border-l-2 px-2 leading-5', gutter, wrap ? 'break-all whitespace-pre-wrap' : 'whitespace-pre');
  if (entry.kind === 'gap')
    return <div className={cn(frame, 'bg-warn-soft text-warn')}>{t('gap', { replica, message: entry.message })}</div>;
  const { at, stream, text } = entry.line;
  return (
    <div className={frame}>
      <span className="shrink-0 text-ink-soft">{format.timeOfDay(at)}</span>
      <span className="shrink-0 text-ink-soft" title={t('replica', { replica })}>
        {replica}
      </span>
      <span className={stream === 'stderr' ? 'min-w-0 font-medium' : 'min-w-0'}>
        {parseAnsi(text).map((span, index) => (
          // A line never changes: its spans keep their places.
          // oxlint-disable-next-line react/no-array-index-key
          <span key={index} className={cn(span.colour === undefined ? '' : COLOURS[span.colour], span.bold ? 'font-bold' : '')}>
            {span.text}
          </span>
        ))}
      </span>
    </div>
  );
}
