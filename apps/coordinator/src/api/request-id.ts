// oxlint-disable-next-line no-restricted-imports -- a digest of what came in: neither chance nor a key
import { createHash } from 'node:crypto';
import { encodeId, ID_BYTES } from '@cloudless/kernel';
import { ID_PREFIX, type WorkloadId } from '@cloudless/proto';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What tells one request from another, in hex. */
export const hashRequest = (request: string): string => digest(request).toString('hex');

/**
 * The id of the app that a repeatable request makes: its repetition finds that app, even when the coordinator died between making it and
 * keeping the answer.
 */
export const workloadIdOf = (requestId: string): WorkloadId =>
  encodeId(ID_PREFIX.workload, digest(`workload ${requestId}`).subarray(0, ID_BYTES)) as WorkloadId;
