import type Dockerode from 'dockerode';
import type { DiskUse, Owner } from '../runtime.ts';
import { ownerFilters } from './container-options.ts';
import { allocationOf } from './observe-container.ts';

type Listed = {
  readonly Id: string;
  readonly Labels?: Record<string, string>;
  /** What the container wrote into its own layer; absent when nothing. */
  readonly SizeRw?: number;
  readonly Mounts?: readonly { readonly Type?: string; readonly Name?: string }[];
};
type Usage = { readonly Volumes?: readonly { readonly Name: string; readonly UsageData?: { readonly Size: number } | null }[] | null };

/**
 * What own containers hold on the disk. Volumes are asked for only where an image declares one: an engine walks its images too for
 * that answer (`/system/df`).
 *
 * @throws whatever dockerode throws
 */
export async function readDiskUse(docker: Dockerode, owner: Owner, signal: AbortSignal): Promise<readonly DiskUse[]> {
  const query = { all: true, size: true, filters: { label: ownerFilters(owner) }, abortSignal: signal };
  const listed = (await docker.listContainers(query)) as readonly Listed[];
  const volumesOf = ({ Mounts = [] }: Listed): string[] => Mounts.flatMap(({ Type, Name }) => (Type === 'volume' && Name ? [Name] : []));
  const sizes = new Map<string, number>();
  if (listed.some((container) => volumesOf(container).length > 0)) {
    const { Volumes } = (await (docker.df as (options: object) => Promise<unknown>).call(docker, { abortSignal: signal })) as Usage;
    // -1 where the engine cannot tell.
    for (const { Name, UsageData } of Volumes ?? []) sizes.set(Name, Math.max(0, UsageData?.Size ?? 0));
  }
  return listed.flatMap((container) => {
    const allocationId = allocationOf(container.Labels);
    if (!allocationId) return [];
    const volumes = volumesOf(container).reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
    return [{ containerId: container.Id, allocationId, bytes: (container.SizeRw ?? 0) + volumes }];
  });
}
