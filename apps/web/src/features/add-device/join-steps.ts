import { JOIN_TTL_MS, type Join, type JoinStep } from '@cloudless/proto';

/** As a device takes them: its installer fetches Node.js, where it has none, before the agent. */
const ORDER: readonly JoinStep[] = ['installer', 'node', 'agent', 'connected', 'joined', 'online'];

type Taken = Join['steps'][number];

/** The steps in their order, each with when it was taken. Downloads that a device did not need are left out once it went past them. */
export function stepsOf(join: Pick<Join, 'steps'>): readonly { readonly step: JoinStep; readonly taken: Taken | undefined }[] {
  const rows = ORDER.map((step) => ({ step, taken: join.steps.find((each) => each.step === step) }));
  const last = rows.findLastIndex(({ taken }) => taken !== undefined);
  return rows.filter(({ taken }, index) => taken !== undefined || index > last);
}

/** The newest failure, unless the device has come further since. */
export function failureOf({ steps, failures, state }: Pick<Join, 'steps' | 'failures' | 'state'>): Join['failures'][number] | undefined {
  const failure = failures.at(-1);
  if (failure === undefined || state === 'joined') return undefined;
  return steps.some(({ at }) => at > failure.at) ? undefined : failure;
}

/** What is left of the offer, as `14:59`; `0:00` when it is over. */
export function formatLeft(expiresAt: number, now: number): string {
  const seconds = Math.ceil(Math.min(Math.max(0, expiresAt - now), JOIN_TTL_MS) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A code as it was typed or scanned: eight letters, or the fragment of an address that carries them. */
export function readCode(text: string): string | undefined {
  const fragment = text.includes('#') ? text.slice(text.lastIndexOf('#') + 1) : text;
  const plain = fragment.toUpperCase().replaceAll(/[\s-]/g, '');
  return /^[0-9A-Z]{8}$/.test(plain) ? `${plain.slice(0, 4)}-${plain.slice(4)}` : undefined;
}

/**
 * How a join ended that let nobody in; `undefined` while it may still, and when it did.
 *
 * @param now by the coordinator's clock: an end that was missed on the way is an end too
 */
export function overOf(
  { state, expiresAt }: Pick<Join, 'state' | 'expiresAt'>,
  now: number,
): 'expired' | 'cancelled' | 'refused' | undefined {
  if (state === 'expired' || state === 'cancelled' || state === 'refused') return state;
  return state !== 'joined' && now >= expiresAt ? 'expired' : undefined;
}

/** The installer of the dialog's command, without the secret: then the device shows a code. `undefined` when there is none in it. */
export function installOnly(command: string): string | undefined {
  const [installer, secret] = command.split(' -s -- ');
  return secret === undefined ? undefined : installer;
}
