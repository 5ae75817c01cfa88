import { createAdmission } from '../../gateway/admission.ts';
import type { HostPolicy } from '../../gateway/host-policy.ts';
import { createForwarder } from './forward.ts';
import { createLeaderLink, type LeaderLink, type LeaderLinkOptions } from './leader-link.ts';
import { createStandbyRoutes, type StandbyRoutes, type StandbyRoutesOptions } from './standby-routes.ts';

export type PassOnOptions = Omit<LeaderLinkOptions, 'onLeader'> &
  Pick<StandbyRoutesOptions, 'telemetry' | 'coordinatorId' | 'name'> & { readonly hosts: HostPolicy };

/** What a standby is to people: it follows whoever leads, and passes on to it what it is asked. */
export interface PassOn {
  readonly link: LeaderLink;
  readonly routes: StandbyRoutes;
  /** It has won the lead, and does not serve yet. */
  beginLead(): void;
  stop(): void;
}

const TAKES_THE_LEAD = 'this coordinator is taking the lead itself';

export function createPassOn(options: PassOnOptions): PassOn {
  let takesLead = false;
  const link = createLeaderLink({ ...options, onLeader: () => forwarder.leave() });
  const forwarder = createForwarder({ clock: options.clock, dial: (signal) => link.dial(signal) });
  return {
    link,
    routes: createStandbyRoutes({
      ...options,
      admission: createAdmission(options.hosts),
      forwarder,
      problem: () => (takesLead ? TAKES_THE_LEAD : link.problem()),
    }),
    beginLead: () => void (takesLead = true),
    stop() {
      link.stop();
      forwarder.stop();
    },
  };
}
