import type { Clock } from '@cloudless/kernel';
import { CloudlessError } from '@cloudless/proto';
import type { PullProgress, Runtime } from '../runtime/runtime.ts';

/** Images that come from no registry, but from the coordinator. */
export interface BuiltInImages {
  has(image: string): boolean;
  /** The image as an archive for the engine. @throws CloudlessError coordinator_unreachable, image_not_found, image_platform_mismatch */
  fetch(image: string, platform: string, signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A pull that moves no byte for so long is given up. */
const STALLED_PULL_MS = 60_000;
/** At most one progress report in this time. */
const PROGRESS_EVERY_MS = 500;

export type PrepareImage = {
  readonly runtime: Pick<Runtime, 'findImage' | 'pull' | 'load'>;
  readonly builtIn: BuiltInImages;
  readonly clock: Clock;
  /** `linux/amd64`: what the engine runs. */
  readonly platform: string;
  /** Called when the image is not there yet, before it is fetched and as it comes. */
  readonly onFetching: (progress: PullProgress | undefined) => Promise<void>;
};

/**
 * Sees to it that the engine has the image for its own platform. An image that is there is used as it is: no registry is asked.
 *
 * @throws CloudlessError image_not_found, image_platform_mismatch, registry_unreachable, engine_unavailable
 */
export async function prepareImage(image: string, deps: PrepareImage, signal: AbortSignal): Promise<void> {
  const { runtime, builtIn } = deps;
  let found = await runtime.findImage(image, signal);
  if (!found) {
    await deps.onFetching(undefined);
    if (builtIn.has(image)) await runtime.load(builtIn.fetch(image, deps.platform, signal), signal);
    else await pullWithWatch(image, deps, signal);
    found = await runtime.findImage(image, signal);
  }
  if (!found)
    throw new CloudlessError('image_not_found', `The engine fetched ${image} and then did not have it: was it removed meanwhile?`);
  if (found.platform !== deps.platform) {
    const message = `The image ${image} is for ${found.platform}, and this device runs ${deps.platform}: use an image built for ${deps.platform}.`;
    throw new CloudlessError('image_platform_mismatch', message, { params: { image: found.platform, device: deps.platform } });
  }
}

async function pullWithWatch(image: string, deps: PrepareImage, signal: AbortSignal): Promise<void> {
  const stalled = new AbortController();
  const message = `Fetching ${image} moved no byte for ${STALLED_PULL_MS / 1000} s: check the device's network and the registry.`;
  const arm = () => deps.clock.setTimer(STALLED_PULL_MS, () => stalled.abort(new CloudlessError('registry_unreachable', message)));
  let timer = arm();
  let toldAt = -Infinity;
  let reported = Promise.resolve();
  const onProgress = (progress: PullProgress): void => {
    timer.cancel();
    timer = arm();
    if (deps.clock.bootMs() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = deps.clock.bootMs();
    reported = reported.then(() => deps.onFetching(progress));
  };
  try {
    await deps.runtime.pull(image, onProgress, AbortSignal.any([signal, stalled.signal]));
  } catch (cause) {
    if (stalled.signal.aborted) throw stalled.signal.reason;
    throw cause;
  } finally {
    timer.cancel();
    await reported;
  }
}
