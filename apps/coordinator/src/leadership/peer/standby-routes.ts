import type { IncomingMessage, ServerResponse } from 'node:http';
import { CloudlessError, saying } from '@cloudless/proto';
import { isLoopbackName, parseHost } from '../../gateway/addresses.ts';
import { foreignOrigin, type Admission } from '../../gateway/admission.ts';
import { refuseUpgrade, sendNotice, sendProblem } from '../../gateway/answers.ts';
import type { GatewayTelemetry } from '../../gateway/main-routes.ts';
import type { PortHandlers } from '../../gateway/port.ts';
import { isSafe } from '../../gateway/request-facts.ts';
import { routeOf, type Route } from '../../gateway/routes.ts';
import type { Forwarder } from './forward.ts';

export type StandbyRoutesOptions = {
  readonly admission: Admission;
  readonly forwarder: Pick<Forwarder, 'request' | 'upgrade'>;
  readonly telemetry: GatewayTelemetry;
  readonly coordinatorId: string;
  /** Of its machine, for people. */
  readonly name: string;
  /** Why nothing can be passed on; `undefined` while it can. */
  readonly problem: () => string | undefined;
};

/** When to try again: a takeover takes about as long. */
const RETRY_AFTER_S = 2;

/** What a standby's ports do: they pass on what is the leader's to answer, and say why when they cannot. */
export type StandbyRoutes = { readonly main: PortHandlers; app(port: number): PortHandlers };

export function createStandbyRoutes(options: StandbyRoutesOptions): StandbyRoutes {
  const { admission, forwarder, telemetry, coordinatorId, name, problem } = options;

  const noLeader = (why: string): CloudlessError =>
    new CloudlessError(
      'no_leader',
      `The coordinator on ${name} (${coordinatorId}) stands by and could not pass this on: ${why}.`,
      saying('standsByAlone', { coordinator: name }),
    );
  const outcomeUnknown = (why: string): CloudlessError =>
    new CloudlessError(
      'outcome_unknown',
      `The coordinator on ${name} (${coordinatorId}) passed this on to the leader, and the answer did not come: ${why}.`,
      saying('outcomeNotKnown', {}),
    );

  function sendState(response: ServerResponse): void {
    const reason = problem();
    response.writeHead(reason === undefined ? 200 : 503, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    response.end(
      JSON.stringify({
        status: reason === undefined ? 'ok' : 'notReady',
        role: 'standby',
        ...(reason === undefined ? {} : { reasons: [reason] }),
      }),
    );
  }

  /** @returns whether the request was answered here */
  function serveOwn(route: Route, response: ServerResponse, isLocal: boolean): boolean {
    if (route === 'healthz') {
      response.writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
      response.end(JSON.stringify({ status: 'ok' }));
      return true;
    }
    if (route === 'readyz') {
      sendState(response);
      return true;
    }
    // Its own numbers are for its own machine; who asks from elsewhere means the cluster's.
    if (route !== 'metrics' || !isLocal) return false;
    telemetry.text().then(
      (text) => response.writeHead(200, { 'content-type': telemetry.contentType, 'cache-control': 'no-store' }).end(text),
      () => response.destroy(),
    );
    return true;
  }

  function pass(request: IncomingMessage, response: ServerResponse, port: number | undefined): void {
    const { accept } = request.headers;
    const refuse = (why: string): void => sendNotice(response, noLeader(why), accept, { retryAfterS: RETRY_AFTER_S });
    const reason = problem();
    if (reason !== undefined) return refuse(reason);
    forwarder.request(request, response, port, (cause, wasSent) => {
      const why = problem() ?? cause.message;
      // Whoever hears that a change was not passed on asks for it again.
      if (wasSent && !isSafe(request)) sendNotice(response, outcomeUnknown(why), accept);
      else refuse(why);
    });
  }

  const onUpgradeTo =
    (port: number | undefined): PortHandlers['onUpgrade'] =>
    (request, socket, head) => {
      socket.on('error', () => socket.destroy());
      const facts = admission.admit(request);
      const isAgent = port === undefined && routeOf(request.url) === 'agent';
      if (isAgent && request.headers.origin !== undefined) return refuseUpgrade(socket, foreignOrigin(request));
      const refused = isAgent ? undefined : port === undefined ? admission.refuseUpgrade(request, facts) : admission.refuseHost(facts);
      if (refused) return refuseUpgrade(socket, refused.error, refused.status);
      const reason = problem();
      if (reason !== undefined) return refuseUpgrade(socket, noLeader(reason));
      forwarder.upgrade(request, socket, head, port, (cause) => refuseUpgrade(socket, noLeader(problem() ?? cause.message)));
    };

  return {
    main: {
      onRequest(request, response) {
        const route = routeOf(request.url);
        const facts = admission.admit(request);
        const end = telemetry.begin(route ?? 'web');
        response.once('close', () => end(response.statusCode));
        if (route === undefined)
          return sendProblem(response, new CloudlessError('invalid_input', 'The request target is not a path.'), { close: true });
        if (route !== 'agent' && route !== 'healthz' && route !== 'readyz' && admission.redirectsToTls(facts, request, response)) return;
        const isLocal = facts.loopback && isLoopbackName(parseHost(facts.host)?.name ?? '');
        if (serveOwn(route, response, isLocal)) return;
        const refused = admission.refuseRequest(request, facts, route);
        if (refused) {
          response.shouldKeepAlive = false;
          return sendNotice(response, refused.error, request.headers.accept, refused);
        }
        pass(request, response, undefined);
      },
      onUpgrade: onUpgradeTo(undefined),
    },
    app: (port) => ({
      onRequest(request, response) {
        const facts = admission.admit(request);
        if (admission.redirectsToTls(facts, request, response)) return;
        const refused = admission.refuseHost(facts);
        if (refused) return sendNotice(response, refused.error, request.headers.accept, refused);
        pass(request, response, port);
      },
      onUpgrade: onUpgradeTo(port),
    }),
  };
}
