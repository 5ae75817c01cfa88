import { mkdir, writeFile } from 'node:fs/promises';
import { parseJoinCode, parseJoinToken } from '@cloudless/identity';
import { nullLogger } from '@cloudless/kernel';
import { createRealClock, createRealEntropy } from '@cloudless/kernel/node';
import { JOIN_TTL_MS, isCloudlessError, joinHopSchema } from '@cloudless/proto';
import { DialFailed } from '@cloudless/transport/tls';
import QRCode from 'qrcode';
import type { AgentConfig } from '../config.ts';
import { openDevice } from '../open-device.ts';
import type { ShowPairing } from '../session/enrolment.ts';
import { readMachineHash } from '../resources/machine-hash.ts';
import { CommandFailed, INTERCEPTED_STATUS, say } from './say.ts';

export type JoinOptions = {
  /** Token, code, or nothing: then this device shows a code. */
  readonly secret: string | undefined;
  /** Addresses of the coordinator. */
  readonly at: readonly string[];
};

const HOPS: Readonly<Record<string, string>> = {
  dns: 'looking up its name',
  tcp: 'connecting to it',
  proxy: 'going through the proxy',
  portal: "this network's login page",
  tls: 'making the connection secure',
  http: 'opening the connection',
  pin: 'checking who answers',
  token: 'the token or code',
  words: 'the four words',
  version: 'the version',
};

/** Lets this machine join, in front of a person. Joined already is fine. */
export async function join(config: AgentConfig, { secret, at }: JoinOptions): Promise<void> {
  await mkdir(config.folder, { recursive: true, mode: 0o700 });
  const token = secret === undefined ? undefined : parseJoinToken(secret);
  const code = secret === undefined || token ? undefined : parseJoinCode(secret);
  if (secret !== undefined && !token && code === undefined)
    throw new CommandFailed(
      `${JSON.stringify(secret.slice(0, 40))} is neither a token (cl1.…) nor a code of eight letters. Copy it again from the dialog.`,
    );
  if (token && secret !== undefined) await writeFile(config.joinTokenFile, `${secret}\n`, { mode: 0o600 });
  const clock = createRealClock();
  const device = await openDevice(config, {
    clock,
    entropy: createRealEntropy(),
    logger: nullLogger,
    further: at,
    onWaiting: () => say('Waiting for a person to approve this device …'),
  });
  const before = await device.state.loadIdentity();
  if (before) {
    say(`This machine is ${before.name} of ${before.clusterId} already. To move it to another cluster: cloudless-agent leave`);
    return;
  }
  const places = device.addresses.urls().map((url) => new URL(url).host);
  say(places.length === 0 ? 'Looking for a coordinator on this network …' : `Reaching the coordinator at ${places.join(', ')} …`);
  const signal = AbortSignal.timeout(JOIN_TTL_MS + 30_000);
  try {
    const identity = token ? await device.credentials.obtain(signal) : await device.pair(code, showPairing, signal);
    await noteMachine(config, identity.nodeId);
    say(`Joined as ${identity.name} (${identity.nodeId}).`);
  } catch (cause) {
    const isIntercepted = cause instanceof DialFailed && cause.interceptedBy !== undefined;
    throw new CommandFailed(explain(cause), { cause, ...(isIntercepted ? { exitStatus: INTERCEPTED_STATUS } : {}) });
  }
}

/** Kept for nothing but a first look at whether the folder was copied; the coordinator judges. */
async function noteMachine(config: AgentConfig, nodeId: string): Promise<void> {
  const hash = readMachineHash(nodeId, config.machineIdFile);
  if (hash !== undefined) await writeFile(`${config.folder}/machine`, `${hash}\n`, { mode: 0o600 });
}

function explain(cause: unknown): string {
  const hop =
    cause instanceof DialFailed ? cause.hop : isCloudlessError(cause) ? joinHopSchema.safeParse(cause.params['hop']).data : undefined;
  const said = cause instanceof Error ? cause.message : String(cause);
  return hop === undefined ? said : `Failed at ${HOPS[hop] ?? hop} (${hop}). ${said}`;
}

const showPairing: ShowPairing = ({ words, request }) => {
  if (request) {
    say('');
    QRCode.toString(request.url, { type: 'terminal', small: true, errorCorrectionLevel: 'M' }, (error, text) => {
      if (!error) say(text);
    });
    say(`Scan this with a phone that is signed in to the dashboard, or type the code ${request.code} under Devices → Approve a device.`);
    say(`  ${request.url}`);
  }
  say('');
  say(`  The four words:   ${words.join('  ')}`);
  say('');
  say('Approve this device only when the dashboard shows the same four words.');
};
