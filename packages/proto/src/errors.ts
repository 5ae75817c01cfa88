/**
 * The closed list of operating errors. Each has a page in `docs/errors/`, made from these texts.
 * `status` is the HTTP status (RFC 9110) that REST answers with.
 */
export const ERRORS = {
  invalid_input: { status: 400, title: 'The input is not valid', remedy: 'Correct the fields named in `issues` and send it again.' },
  not_supported_yet: { status: 422, title: 'Not supported yet', remedy: 'Remove the field: this release does not serve it.' },
  unauthenticated: { status: 401, title: 'Not signed in', remedy: 'Sign in, or send an API token as `Authorization: Bearer …`.' },
  forbidden: { status: 403, title: 'Not allowed', remedy: 'Ask an owner or admin of the organisation for the role or token scope named.' },
  not_found: { status: 404, title: 'Not found', remedy: 'Check the id; it may have been deleted.' },
  name_taken: { status: 409, title: 'The name is taken', remedy: 'Choose another name, or change the one that exists.' },
  stale: { status: 412, title: 'Changed meanwhile', remedy: 'Read it again and repeat the change on what it is now.' },
  idempotency_conflict: {
    status: 422,
    title: 'Idempotency key used for another request',
    remedy: 'Use a new Idempotency-Key for each different request.',
  },
  too_many_requests: { status: 429, title: 'Too many tries', remedy: 'Wait as long as `Retry-After` says.' },
  too_large: { status: 413, title: 'Too large', remedy: 'Send less: the limit is named in the message.' },
  already_claimed: {
    status: 409,
    title: 'This cluster has an owner',
    remedy: 'Sign in. Who lost the password runs `npm run recover-owner` on the machine.',
  },
  claim_code_wrong: {
    status: 403,
    title: 'The claim code is wrong or used',
    remedy: 'Copy the code that `npm start` prints on the machine.',
  },
  credentials_wrong: {
    status: 401,
    title: 'E-mail or password is wrong',
    remedy: 'Try again, use a recovery code, or run `npm run recover-owner` on the machine.',
  },
  join_token_refused: { status: 403, title: 'The join token was refused', remedy: 'Make a new token: each works once, for 15 minutes.' },
  join_code_wrong: {
    status: 404,
    title: 'No device or offer has this code',
    remedy: 'Type the code that is on the screen now: each stands for 15 minutes.',
  },
  join_over: { status: 409, title: 'This join is over', remedy: 'Start a new one: it was used, cancelled, refused or ran out.' },
  pairing_words_differ: {
    status: 403,
    title: 'The four words differ',
    remedy: 'Do not join over this network: somebody may stand between the device and the coordinator. Use the command with the token.',
  },
  certificate_refused: { status: 403, title: 'The device certificate was refused', remedy: 'Join the device again with a new token.' },
  image_not_found: {
    status: 422,
    title: 'The image was not found',
    remedy: 'Check the name and tag, and that the registry lets the device read it.',
  },
  image_platform_mismatch: {
    status: 422,
    title: 'The image is for another platform',
    remedy: 'Use an image built for the platform of the device.',
  },
  registry_unreachable: {
    status: 503,
    title: 'The registry cannot be reached',
    remedy: 'Check the network of the device, or load the image into its engine.',
  },
  engine_unavailable: {
    status: 503,
    title: 'The container engine does not answer',
    remedy: 'Start the engine on the device; the device page names the exact command.',
  },
  port_taken: { status: 409, title: 'The port is taken', remedy: 'Choose another port, or stop what listens on it.' },
  container_refused: {
    status: 422,
    title: 'The engine refused the container',
    remedy: 'Read what the engine said in the message, and correct the spec.',
  },
  no_capacity: { status: 422, title: 'No device fits', remedy: 'Make the change named in `remedy`, or add a device.' },
  node_unreachable: { status: 503, title: 'The device cannot be reached', remedy: 'Check that it is awake and online, then try again.' },
  coordinator_unreachable: {
    status: 503,
    title: 'The coordinator cannot be reached',
    remedy: 'Check that it runs, that the address is right and that this machine is online, then try again.',
  },
  tls_intercepted: {
    status: 503,
    title: 'TLS is intercepted on the way',
    remedy:
      "Ask whoever runs the network to let the name of the coordinator through undecrypted, or use another network. If the box is your own proxy, let it pass WebSockets on. The link of a device is encrypted inside, so a box that only reads along and passes WebSockets on is in nobody's way.",
  },
  log_gone: { status: 410, title: 'These log lines are gone', remedy: 'Read from the oldest line that is kept.' },
  cursor_expired: { status: 410, title: 'The cursor is too old', remedy: 'List again from the start and follow from the new cursor.' },
  origin_refused: { status: 403, title: 'Foreign origin', remedy: 'Open the dashboard under the address that `npm start` prints.' },
  host_unknown: { status: 421, title: 'Unknown host name', remedy: 'Use an address that `npm start` prints, or pass --public-url.' },
  web_unavailable: {
    status: 503,
    title: 'The dashboard does not answer',
    remedy:
      'Wait a moment: it is started again by itself, and the API and your apps go on. If it stays away, read its log in the data folder.',
  },
  app_not_ready: { status: 503, title: 'The app has no ready replica', remedy: 'Look at its page in the dashboard for the reason.' },
  protocol_mismatch: { status: 400, title: 'Agent and coordinator speak different versions', remedy: 'Update the older of the two.' },
  message_malformed: { status: 400, title: 'A message could not be read', remedy: 'Update both ends; if it stays, report it.' },
  store_unavailable: {
    status: 503,
    title: 'The store does not answer',
    remedy: 'Check disk space and health of the data folder, or that most nodes of the rqlite cluster run and are reached; then try again.',
  },
  no_leader: {
    status: 503,
    title: 'No coordinator leads',
    remedy:
      'Try again in a moment: another coordinator takes over by itself. If it stays, look at the cluster page and the logs of the coordinators.',
  },
  outcome_unknown: { status: 503, title: 'It is not known whether the change was stored', remedy: 'Read it again before you repeat it.' },
  overloaded: { status: 503, title: 'Too much at once', remedy: 'Try again in a moment.' },
  config_invalid: { status: 500, title: 'The configuration is not valid', remedy: 'Correct the flag or variable named in the message.' },
  internal: { status: 500, title: 'Something broke here', remedy: 'Look for the id in the log of the coordinator and report it.' },
} as const satisfies Record<string, { status: number; title: string; remedy: string }>;

export type ErrorCode = keyof typeof ERRORS;
export const isErrorCode = (value: unknown): value is ErrorCode => typeof value === 'string' && Object.hasOwn(ERRORS, value);

/**
 * What an error says beyond its code, by a name, and the parameters that its sentence speaks of. The dashboard says it in the reader's
 * language; programs read `message`.
 */
export const ERROR_SENTENCES = {
  appNameTaken: ['name'],
  appNameBeingDeleted: ['name'],
  deviceNameTaken: ['name'],
  appBeingDeleted: ['name'],
  deviceRemoved: ['name'],
  noSuchApp: ['id'],
  noSuchDevice: ['id'],
  noSuchReplica: ['id'],
  noSuchToken: ['id'],
  noSuchJoin: ['id'],
  changedMeanwhile: ['name', 'generation', 'ifGeneration'],
  changedByOthers: ['tries'],
  roleMayNot: ['permission', 'role'],
  tooManyTries: ['retryAfterS'],
  tooManyCodes: ['retryAfterS'],
  tooManyTokens: ['most'],
  tooManyJoins: ['most'],
  claimCodeWrong: [],
  alreadyClaimed: [],
  recoveryWrong: [],
  joinCodeWrong: [],
  joinOver: [],
  readUnanswered: [],
  whoAsksUnknown: [],
  deviceBrokeOff: [],
  storeNotServed: [],
  storeTakenOver: [],
  outcomeNotKnown: [],
  tooMuchWaits: [],
  tooManyStreams: [],
  backupUnderWay: [],
  standsByAlone: ['coordinator'],
  notReached: ['url'],
  answerLost: ['url'],
} as const satisfies Record<string, readonly string[]>;
export type ErrorSentence = keyof typeof ERROR_SENTENCES;

/** Parameters of an error that is said by a sentence of the list. */
export const saying = <S extends ErrorSentence>(
  sentence: S,
  params: Readonly<Record<(typeof ERROR_SENTENCES)[S][number], string | number>>,
): { readonly params: Readonly<Record<string, string | number>> } => ({ params: { ...params, sentence } });

/** Where in the input, what is wrong. */
export type InputIssue = {
  readonly path: string;
  readonly message: string;
  /** The kind of rule that was broken, which the dashboard says in the reader's language. */
  readonly rule?: InputRule | undefined;
  /** The most or the least that the rule allows. */
  readonly limit?: number | undefined;
};

/** Kinds of rules of an input. `format`: `message` says which one. */
export const INPUT_RULES = ['tooLong', 'tooShort', 'tooLarge', 'tooSmall', 'format', 'type', 'value', 'unknownField', 'notServed'] as const;
export type InputRule = (typeof INPUT_RULES)[number];

export type CloudlessErrorOptions = {
  readonly cause?: unknown;
  readonly issues?: readonly InputIssue[];
  readonly params?: Readonly<Record<string, string | number>>;
};

/**
 * The one class of operating failures. `message` is public: what was tried, where, what came back, what to do. No secrets.
 */
export class CloudlessError extends Error {
  readonly code: ErrorCode;
  readonly issues: readonly InputIssue[];
  readonly params: Readonly<Record<string, string | number>>;

  constructor(code: ErrorCode, message: string, options: CloudlessErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'CloudlessError';
    this.code = code;
    this.issues = options.issues ?? [];
    this.params = options.params ?? {};
  }
}

export const isCloudlessError = (value: unknown): value is CloudlessError => value instanceof CloudlessError;

/** The sentence of an error, when it tells all that the sentence speaks of: another release may know others. */
export function findSentence({ params }: Pick<CloudlessError, 'params'>): ErrorSentence | undefined {
  const found = Object.entries(ERROR_SENTENCES).find(([name]) => name === params['sentence']);
  return found?.[1].every((name) => params[name] !== undefined) === true ? (found[0] as ErrorSentence) : undefined;
}
