import { join } from 'node:path';
import { parseHost } from '../gateway/addresses.ts';
import type { Ground } from '../ground.ts';
import { LOCKFILE, readNode } from '../machine.ts';
import { createInstaller, type Installer } from './create-installer.ts';
import { createNodePackages, isNodePlatform } from './node-packages.ts';
import type { InstallParts } from './serve-install.ts';

type Parts = Pick<InstallParts, 'agentFile' | 'joins' | 'mark' | 'webAuthority'> & Pick<Parameters<typeof createInstaller>[0], 'reach'>;

/** The installer of this machine's coordinator. */
export function openInstaller({ config, paths, clock, logger }: Ground, parts: Parts): Installer {
  const node = readNode();
  const agentUrl = config.agentUrl;
  const agentName = agentUrl && parseHost(agentUrl.host)?.name;
  return createInstaller({
    ...parts,
    clock,
    logger,
    nodePackages: createNodePackages({ folder: join(paths.coordinator, 'files'), lockfile: LOCKFILE, own: node }),
    ownPlatform: isNodePlatform(node.platform) ? node.platform : undefined,
    baseOf: ({ scheme, host }) =>
      agentUrl && parseHost(host)?.name === agentName ? agentUrl.href.replace(/\/+$/, '') : `${scheme}://${host}`,
  });
}
