import { request } from 'node:http';
import type { Owner } from '../runtime/runtime.ts';
import { LABEL, ownerFilters } from '../runtime/docker/container-options.ts';
import { z } from 'zod';
import type { LeasedContainer } from './judge-leases.ts';

const DEADLINE_MS = 10_000;
const MAX_ANSWER_BYTES = 8 * 2 ** 20;

/** The two things that a watchdog asks of the engine, without the library that the agent uses: it must stay small. */
export interface WatchdogEngine {
  /** Own exclusive containers that run. */
  list(owner: Owner): Promise<readonly LeasedContainer[]>;
  /** Asks it to end, and kills it after `graceMs`; ended or gone already is fine. */
  stop(container: LeasedContainer): Promise<void>;
}

const containersSchema = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()) }));

export function createWatchdogEngine(socketPath: string): WatchdogEngine {
  function ask(method: 'GET' | 'POST', path: string, deadlineMs: number): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(deadlineMs);
      const asked = request({ socketPath, method, path: `${path}`, headers: { host: 'docker' }, signal }, (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (text: string) => {
          body += text;
          if (body.length > MAX_ANSWER_BYTES) answer.destroy(new Error(`the engine answered more than ${MAX_ANSWER_BYTES} bytes`));
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
        answer.on('error', reject);
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  return {
    async list(owner) {
      const filters = { label: [...ownerFilters(owner), `${LABEL.exclusive}=true`], status: ['running', 'paused', 'restarting'] };
      const { status, body } = await ask('GET', `/containers/json?filters=${encodeURIComponent(JSON.stringify(filters))}`, DEADLINE_MS);
      if (status !== 200) throw new Error(`the engine answered ${status} to a list of containers: ${body.slice(0, 200)}`);
      return containersSchema.parse(JSON.parse(body)).map(({ Id, Labels }) => ({
        containerId: Id,
        allocationId: Labels[LABEL.allocation] ?? '',
        graceMs: Number(Labels[LABEL.graceMs] ?? 0),
      }));
    },
    async stop({ containerId, graceMs }) {
      const seconds = Math.ceil(graceMs / 1000);
      const { status, body } = await ask('POST', `/containers/${containerId}/stop?t=${seconds}`, graceMs + DEADLINE_MS);
      // 304: it has ended already.
      if (status >= 400 && status !== 404) throw new Error(`the engine answered ${status} to a stop: ${body.slice(0, 200)}`);
    },
  };
}
