import { createClient } from '@cloudless/sdk';
import { until } from './until.ts';

const WAIT_MS = 30_000;

/** Reads the logs of an app until each of its replicas has told a line: the leader of now has a session with each of their devices. */
export async function untilLogs(
  { url, token }: { readonly url: string; readonly token: string },
  workloadId: string,
  replicas: number,
): Promise<void> {
  await using client = createClient({ url, token });
  const heard = new Set<string>();
  client.log.follow(
    { workloadId },
    {
      onData(change) {
        if (change.kind === 'lines') for (const { allocationId } of change.lines) heard.add(allocationId);
      },
    },
  );
  await until('each replica tells a line', WAIT_MS, () => (heard.size === replicas ? undefined : `${heard.size} of ${replicas} did`));
}
