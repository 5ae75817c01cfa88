import type { ClusterId } from '@cloudless/proto';
import type { Authority } from '../state/state.ts';

/**
 * Whether a message may be obeyed: of this cluster, and of no lower (epoch, token) than the highest that ever spoke.
 *
 * @returns why not, as a sentence; `undefined` when it may
 */
export function judgeAuthority(own: ClusterId, highest: Authority | undefined, said: Authority): string | undefined {
  if (said.clusterId !== own) return `it speaks for the cluster ${said.clusterId}, and this device belongs to ${own}`;
  if (!highest) return undefined;
  if (said.epoch < highest.epoch) return `it speaks for epoch ${said.epoch}, and epoch ${highest.epoch} has spoken to this device`;
  if (said.epoch === highest.epoch && said.token < highest.token) {
    return `it holds the fencing token ${said.token}, and the holder of ${highest.token} has spoken to this device: another leader took over`;
  }
  return undefined;
}
