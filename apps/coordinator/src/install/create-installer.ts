import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from '@cloudless/kernel';
import type { RequestFacts } from '../gateway/request-facts.ts';
import type { ReachKeeper } from '../reach/create-reach.ts';
import { writeCommands, type Commands } from './commands.ts';
import type { NodePlatform } from './node-packages.ts';
import { createInstallRoutes, type InstallParts } from './serve-install.ts';

export interface Installer {
  serve(request: IncomingMessage, response: ServerResponse, facts: RequestFacts): Promise<void>;
  /** Also gets ready what the command will ask for. */
  commandsFor(offer: { readonly token: string; readonly code: string }): Promise<Commands>;
}

/** What gets a machine from nothing to an agent. */
export function createInstaller(
  parts: InstallParts & {
    readonly reach: Pick<ReachKeeper, 'base'>;
    readonly ownPlatform: NodePlatform | undefined;
    readonly logger: Logger;
  },
): Installer {
  const { nodePackages, agentFile, reach, ownPlatform, logger } = parts;
  let prepared: Promise<unknown> | undefined;

  /** The likeliest platform is this machine's own; compressing its Node.js takes seconds that nobody should wait for later. */
  function prepare(): void {
    if (ownPlatform === undefined) return;
    prepared ??= nodePackages.file(ownPlatform).catch((cause: unknown) => {
      prepared = undefined;
      logger.warn({ op: 'install.prepare', outcome: 'failed' }, cause);
    });
  }
  return {
    serve: createInstallRoutes(parts),
    commandsFor(offer) {
      prepare();
      return Promise.resolve(writeCommands(reach.base(), offer, agentFile?.sha256 ?? ''));
    },
  };
}
