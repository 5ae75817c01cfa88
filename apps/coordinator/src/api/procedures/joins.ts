import type { JoinOffer, ProcedureInput } from '@cloudless/proto';
import type { ApiParts } from '../../parts.ts';
import type { Caller } from '../../people/people.ts';
import type { Handlers } from '../call.ts';
import { record, tell } from '../write-rows.ts';

type Names = 'node.createJoinToken' | 'node.listJoins' | 'node.openJoinRequest' | 'node.approveJoin' | 'node.denyJoin' | 'node.cancelJoin';
type Parts = Pick<ApiParts, 'store' | 'clock' | 'entropy' | 'logger' | 'enrolment' | 'reach' | 'installer'>;

/** The person behind a call: a token acts for whoever made it. */
const userOf = (caller: Caller) => (caller.kind === 'user' ? caller.id : caller.userId);

/** Devices that come: offers, requests, and what people say of them. */
export function createJoinProcedures(parts: Parts): Pick<Handlers, Names> {
  const { enrolment, reach, installer } = parts;

  const tellOf = (caller: Caller, told: Parameters<typeof tell>[2]): Promise<void> => record(parts, tell(parts, caller, told));

  async function createOffer(caller: Caller, input: ProcedureInput<'node.createJoinToken'>): Promise<JoinOffer> {
    const { name, labels, lending, approval } = input;
    const made = await enrolment.createOffer({ orgId: caller.orgId, ownerUserId: userOf(caller), name, labels, lending, approval });
    const { join, token, code } = made;
    await tellOf(caller, {
      kind: 'joinToken.created',
      params: { tokenId: join.id, ...(name === undefined ? {} : { name }) },
      message: `${caller.name} made an offer for ${name ?? 'a device'} to join`,
    });
    return { join, token, code, reach: reach.get(), ...(await installer.commandsFor({ token, code })) };
  }

  return {
    'node.createJoinToken': ({ caller, input }) => createOffer(caller, input),
    'node.listJoins': ({ caller }) => Promise.resolve({ rows: [...enrolment.joins.list(caller.orgId)] }),
    'node.openJoinRequest': ({ caller, input }) => Promise.resolve().then(() => enrolment.openRequest(input.code, caller.id, caller.orgId)),
    async 'node.approveJoin'({ caller, input: { id, name, labels, lending } }) {
      const waiting = enrolment.joins.get(id, caller.orgId);
      const join = enrolment.approve(id, caller.orgId, { ownerUserId: userOf(caller), name, labels, lending });
      const device = waiting.candidate?.hostname ?? 'a device';
      await tellOf(caller, { kind: 'join.approved', params: { name: device, tokenId: id }, message: `${caller.name} approved ${device}` });
      return join;
    },
    async 'node.denyJoin'({ caller, input: { id, wordsDiffer } }) {
      const device = enrolment.joins.get(id, caller.orgId).candidate?.hostname ?? 'a device';
      const join = enrolment.deny(id, caller.orgId, wordsDiffer);
      const message = `${caller.name} denied ${device}${wordsDiffer ? ': the four words differed' : ''}`;
      await tellOf(caller, { kind: 'join.denied', severity: 'warning', params: { name: device, tokenId: id }, message });
      return join;
    },
    async 'node.cancelJoin'({ caller, input: { id } }) {
      await enrolment.cancelOffer(id, caller.orgId);
      await tellOf(caller, { kind: 'joinToken.cancelled', params: { tokenId: id }, message: `${caller.name} withdrew an offer to join` });
      return { ok: true };
    },
  };
}
