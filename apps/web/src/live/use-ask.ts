'use client';

import type { CloudlessError, ProcedureOutput } from '@cloudless/proto';
import type { CallInput } from '@cloudless/sdk';
import { useQuery, type UseQueryResult } from '@tanstack/react-query';
import { call, type QueryName } from './client.ts';

/** Reads once what is not live, as a page of old events or a preview. `enabled: false` waits. `againMs`: asks again that often while it fails. */
export function useAsk<P extends QueryName>(
  name: P,
  input: CallInput<P>,
  options: { readonly enabled?: boolean; readonly staleMs?: number; readonly keepPrevious?: boolean; readonly againMs?: number } = {},
): UseQueryResult<ProcedureOutput<P>, CloudlessError> {
  const { enabled = true, staleMs = 0, keepPrevious = false, againMs } = options;
  return useQuery<ProcedureOutput<P>, CloudlessError>({
    queryKey: [name, input],
    queryFn: ({ signal }) => call(name, input, signal),
    enabled,
    staleTime: staleMs,
    ...(againMs === undefined ? {} : { refetchInterval: ({ state }) => (state.status === 'error' ? againMs : false) }),
    ...(keepPrevious ? { placeholderData: (previous: ProcedureOutput<P> | undefined) => previous as never } : {}),
  });
}
