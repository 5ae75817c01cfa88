'use client';

import type { ClusterEvent } from '@cloudless/proto';
import { StateShape, cn } from '@cloudless/ui';
import Link from 'next/link';
import { Age } from '#web/format/age.tsx';
import { useEventText } from '#web/states/use-texts.ts';
import { SEVERITY_TONE } from '#web/states/tones.ts';

const hrefOf = ({ workloadId, nodeId, kind }: ClusterEvent): string | undefined => {
  if (workloadId !== undefined && kind !== 'workload.deleted') return `/apps/${workloadId}`;
  return nodeId === undefined || kind === 'node.removed' ? undefined : `/devices/${nodeId}`;
};

/** One thing that happened: sentence, link to what it is of, age. */
export function EventLine({ event }: { readonly event: ClusterEvent }) {
  const text = useEventText()(event);
  const href = hrefOf(event);
  return (
    <li className="flex items-baseline gap-2.5 border-b py-2 last:border-b-0">
      <StateShape tone={SEVERITY_TONE[event.severity]} className="size-2.5 self-center" />
      {/* The cause of a failure stands at its end. */}
      <span className={cn('min-w-0 flex-1', event.severity === 'info' ? 'line-clamp-2' : 'line-clamp-5')}>
        {href === undefined ? (
          text
        ) : (
          <Link href={href} className="hover:underline">
            {text}
          </Link>
        )}
      </span>
      <Age at={event.at} className="shrink-0 text-xs whitespace-nowrap text-ink-soft" />
    </li>
  );
}
