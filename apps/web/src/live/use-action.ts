'use client';

import { CloudlessError, isCloudlessError, type LiveChange, type ProcedureOutput } from '@cloudless/proto';
import type { CallInput } from '@cloudless/sdk';
import { toast } from '@cloudless/ui';
import { useCallback, useState } from 'react';
import { call, type ActionName } from './client.ts';
import { useLiveStore } from './live-provider.tsx';

export type ActionOptions<P extends ActionName> = {
  /** One line that says what was done; shown as a receipt. */
  readonly receipt?: (output: ProcedureOutput<P>, input: CallInput<P>) => string;
  readonly onDone?: (output: ProcedureOutput<P>, input: CallInput<P>) => void;
};

export type Action<P extends ActionName> = {
  /** `undefined` when it failed: `failure` says why. */
  run(input: CallInput<P>): Promise<ProcedureOutput<P> | undefined>;
  readonly pending: boolean;
  /** Why the last run failed: show it by `FailureCallout`. */
  readonly failure: CloudlessError | undefined;
  reset(): void;
};

const NODE_ACTIONS: ReadonlySet<ActionName> = new Set(['node.update', 'node.setLending', 'node.pause', 'node.drain']);
const JOIN_ACTIONS: ReadonlySet<ActionName> = new Set(['node.approveJoin', 'node.denyJoin', 'node.openJoinRequest']);

/** What the answer tells of the cluster, so that a page shows it before its change arrives. */
function changeOf(name: ActionName, output: unknown): LiveChange | undefined {
  if (NODE_ACTIONS.has(name)) return { kind: 'node', node: output as ProcedureOutput<'node.update'> };
  if (JOIN_ACTIONS.has(name)) return { kind: 'join', join: output as ProcedureOutput<'node.approveJoin'> };
  if (name === 'node.createJoinToken') return { kind: 'join', join: (output as ProcedureOutput<'node.createJoinToken'>).join };
  if (name.startsWith('workload.') && name !== 'workload.delete')
    return { kind: 'workload', workload: output as ProcedureOutput<'workload.create'> };
  return undefined;
}

const asFailure = (error: unknown): CloudlessError =>
  isCloudlessError(error)
    ? error
    : new CloudlessError('internal', error instanceof Error ? error.message : String(error), { cause: error });

/** Something a person does: runs once at a time, leaves a receipt, keeps its failure to show beside the button. */
export function useAction<P extends ActionName>(name: P, { receipt, onDone }: ActionOptions<P> = {}): Action<P> {
  const store = useLiveStore();
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<CloudlessError>();
  async function run(input: CallInput<P>): Promise<ProcedureOutput<P> | undefined> {
    setPending(true);
    setFailure(undefined);
    try {
      const output = await call(name, input);
      const change = changeOf(name, output);
      if (change) store?.merge(change);
      if (receipt) toast({ title: receipt(output, input) });
      onDone?.(output, input);
      return output;
    } catch (error) {
      setFailure(asFailure(error));
      return undefined;
    } finally {
      setPending(false);
    }
  }
  const reset = useCallback(() => setFailure(undefined), []);
  return { run, pending, failure, reset };
}
