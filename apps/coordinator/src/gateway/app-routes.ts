import type { Logger } from '@cloudless/kernel';
import type { WorkloadId } from '@cloudless/proto';
import type { Admission } from './admission.ts';
import { asError, refuseUpgrade, sendFailure, sendNotice } from './answers.ts';
import type { AppProxy } from './app-proxy.ts';
import type { GatewayTelemetry } from './main-routes.ts';
import type { PortHandlers } from './port.ts';

export type AppRoutesOptions = {
  readonly admission: Admission;
  readonly apps: AppProxy;
  readonly telemetry: GatewayTelemetry;
  readonly logger: Logger;
};

/** What the port of an app does with a request. Origins are the app's own business: only the name is checked. */
export const createAppRoutes =
  ({ admission, apps, telemetry, logger }: AppRoutesOptions) =>
  (find: () => WorkloadId | undefined): PortHandlers => ({
    onRequest(request, response) {
      const end = telemetry.begin('app');
      response.once('close', () => end(response.statusCode));
      const facts = admission.admit(request);
      if (admission.redirectsToTls(facts, request, response)) return;
      const refused = admission.refuseHost(facts);
      if (refused) sendNotice(response, refused.error, request.headers.accept);
      else apps.serve(find(), request, response).catch((cause: unknown) => sendFailure(response, cause, { logger, route: 'app' }));
    },
    onUpgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const facts = admission.admit(request);
      const refused = facts.encrypted || facts.loopback ? admission.refuseHost(facts) : admission.refuseUpgrade(request, facts);
      if (refused) refuseUpgrade(socket, refused.error, refused.status);
      else apps.upgrade(find(), request, socket, head).catch((cause: unknown) => refuseUpgrade(socket, asError(cause)));
    },
  });
