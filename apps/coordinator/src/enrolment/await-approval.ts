import type { Clock } from '@cloudless/kernel';
import { err, ok, type Result } from '@cloudless/kernel';
import type { JoinTokenId } from '@cloudless/proto';
import type { HandshakeExchange } from '@cloudless/transport/tls';
import type { JoinRefusal } from './find-offer.ts';
import type { Joins, WaitingDevice } from './joins.ts';

/** After the last moment at which a person may approve, the answer still has to get out. */
const ANSWER_MS = 5_000;

/** Tells the device that it waits, and waits with it for a person. */
export async function awaitApproval(
  { id, expiresAt, device }: { readonly id: JoinTokenId; readonly expiresAt: number; readonly device: WaitingDevice },
  exchange: HandshakeExchange,
  { joins, clock }: { readonly joins: Joins; readonly clock: Clock },
): Promise<Result<void, JoinRefusal>> {
  const decided = joins.awaitDecision(id, device, exchange.signal);
  if (!decided) {
    const message = 'another device waits for approval with this offer already; if it is not yours, deny it and make a new offer';
    return err({ code: 'raced', message, hop: 'token', tokenId: id, isAttack: true });
  }
  exchange.keepOpen(Math.max(0, expiresAt - clock.now()) + ANSWER_MS);
  exchange.send({ kind: 'waiting', expiresAt, serverAt: clock.now() });
  const decision = await decided;
  switch (decision.kind) {
    case 'approved':
      return ok(undefined);
    case 'denied': {
      const message = decision.wordsDiffer
        ? 'the person who compared the four words found that they differ: somebody may stand between this device and the coordinator'
        : 'it was denied by a person';
      return err({
        code: decision.wordsDiffer ? 'words_differ' : 'denied',
        message,
        hop: decision.wordsDiffer ? 'words' : 'token',
        tokenId: id,
        isAttack: decision.wordsDiffer,
      });
    }
    case 'over':
      return err({ code: 'over', message: decision.message, hop: 'token', tokenId: id });
  }
}
