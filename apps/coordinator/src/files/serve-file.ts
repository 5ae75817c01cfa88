import { pipeline } from 'node:stream/promises';
import { assembleImage, hasImage } from '@cloudless/images';
import type { Logger } from '@cloudless/kernel';
import type { NodeId, StreamHeader } from '@cloudless/proto';
import type { IncomingStream } from '@cloudless/transport';
import type { AgentFile } from '../install/agent-file.ts';

/** Images held in memory while they are sent: each is some 10 MB. */
const MAX_SENDING = 8;

/** Answers the streams that devices open. */
export type ServeFile = (incoming: IncomingStream, nodeId: NodeId) => void;

/** Gives devices what the coordinator keeps for them: their agent's next version, and images that come from no registry. */
export function createFileServer({ agentFile, logger }: { readonly agentFile: AgentFile | undefined; readonly logger: Logger }): ServeFile {
  let sending = 0;

  async function read(file: Extract<StreamHeader, { kind: 'file' }>['file']): Promise<Uint8Array | string> {
    if (file.name === 'agent')
      return agentFile?.sha256 === file.sha256 ? agentFile.bytes : 'this coordinator does not keep that version of the agent any more';
    return hasImage(file.image) ? assembleImage(file.image, file.platform) : `${file.image} is not an image that this coordinator keeps`;
  }

  async function serve(incoming: IncomingStream, nodeId: NodeId): Promise<void> {
    const { header } = incoming;
    if (header.kind !== 'file') return incoming.refuse('refused', 'a device may open streams of files only');
    if (sending >= MAX_SENDING) return incoming.refuse('overloaded', 'too many files are being sent; ask again in a moment');
    sending += 1;
    try {
      const found = await read(header.file).catch((cause: unknown) => (cause instanceof Error ? cause.message : String(cause)));
      if (typeof found === 'string') return incoming.refuse('refused', found);
      const stream = incoming.accept();
      stream.resume();
      await pipeline([found], stream);
      logger.info({ op: 'file.send', outcome: 'ok', nodeId, name: header.file.name, bytes: found.byteLength });
    } finally {
      sending -= 1;
    }
  }

  return (incoming, nodeId) => {
    serve(incoming, nodeId).catch((cause: unknown) => logger.info({ op: 'file.send', outcome: 'failed', nodeId, reason: String(cause) }));
  };
}
