import type { DeliveryStatus } from '../../api/types.ts'
import { count, duration, plural } from '../numbers.ts'

const deliveryStatus: Record<DeliveryStatus, string> = {
  pending: 'waiting',
  success: 'succeeded',
  retrying: 'retrying',
  failed: 'failed',
  cancelled: 'cancelled',
  skipped: 'skipped',
}

const reasons: Record<string, string> = {
  exhausted: 'all attempts are used up',
  gone: 'the receiver answered 410',
  declined: 'the receiver asked for no retry',
  single_attempt: 'a single retry by hand failed',
  endpoint_unavailable: 'the endpoint took nothing for the whole schedule',
  outside_retention: 'the event left the log before its turn',
  manual: 'cancelled by hand',
  webhook_deleted: 'its webhook was deleted',
  organization_deleted: 'the organization was deleted',
  left_out: 'left out when the webhook was activated',
  condition_false: 'the conditions of the webhook were not met',
  asked_for: 'retried by hand',
  webhook_inactive: 'its webhook is off',
  secret_unreadable: 'the secret of the webhook cannot be opened',
}

const errorKinds: Record<string, string> = {
  timeout: 'timeout',
  tls: 'TLS failed',
  dns: 'name not found',
  connect: 'connection refused or lost',
  protocol: 'not HTTP',
  blocked_address: 'address not allowed',
  redirect: 'redirect',
  too_large: 'answer too large',
}

const waitingReasons: Record<string, string> = {
  paused: 'the webhook is off',
  held: 'its endpoint does not take them, or takes them too slowly',
  ordered: 'earlier events of their subjects are being retried',
}

interface Timing {
  queued: number | null
  dns: number | null
  connect: number | null
  tls: number | null
  firstByte: number | null
  total: number
  address: string | null
}

export const deliver = {
  deliveryStatus,
  reasons,
  /** As in "503" or "timeout". */
  errorName: (kind: string | null, status: number | null): string =>
    kind === 'status' || kind === null
      ? status === null
        ? 'no answer'
        : `answer ${status}`
      : (errorKinds[kind] ?? kind),
  webhooks: {
    title: 'Webhooks',
    label: 'Webhooks',
    name: 'name',
    health: 'health',
    url: 'address',
    success: 'success',
    waiting: 'waiting',
    last: 'last delivery',
    empty: 'There is no webhook yet. A webhook gets the events that you choose, signed, at an address of yours.',
    add: 'New webhook',
    healthWords: { healthy: 'healthy', failing: 'failing', disabled: 'switched off' } as Record<string, string>,
    paused: 'paused',
    none: 'none yet',
  },
  newWebhook: {
    title: 'New webhook',
    url: 'Address',
    urlHelp: 'https, a public address; each event is sent there with POST.',
    name: 'Name',
    events: 'Events',
    eventsHelp: 'Names with commas between: shop.order.paid, shop.*, or * for all.',
    act: 'Create',
    madeTitle: 'The webhook is made',
    secret: 'Its secret is shown this once. The receiver verifies signatures with it.',
    verifier: 'Verify in TypeScript',
    open: 'Open the webhook',
    test: 'Send a test',
  },
  webhook: {
    failingBanner: (failed: number, since: string) =>
      `${plural(failed, 'attempt has', 'attempts have')} failed; the webhook has been failing since ${since}.`,
    failing: (since: string) => `failing since ${since}`,
    failingMore: 'Events still arrive and are retried.',
    pausedBanner: (waiting: number) =>
      waiting === 0
        ? 'The webhook is off. No event waits for it.'
        : `The webhook is off. ${plural(waiting, 'event waits', 'events wait')} for it and will be sent when it is on again.`,
    waitingBanner: (waiting: number, reason: string) =>
      `${plural(waiting, 'event waits', 'events wait')}: ${waitingReasons[reason] ?? reason}.`,
    disabledBanner: 'The platform switched this webhook off: its receiver answered 410, or it failed for too long.',
    test: 'Test',
    tested: (status: number | null, ms: number | null) =>
      status === null
        ? 'The test got no answer.'
        : `The test was answered ${status}${ms === null ? '' : ` in ${duration(ms)}`}.`,
    recover: (since: string) => `Recover since ${since} …`,
    recoverRange: 'Recover …',
    replay: 'Replay …',
    pause: 'Pause',
    activate: 'Activate',
    activateLatest: 'Activate without what waits',
    noFigures: 'No attempt in this time range.',
    figuresOf: (attempts: number, share: string, p95: string) =>
      `${plural(attempts, 'attempt', 'attempts')}, ${share} succeeded; 95 % within ${p95} in the slowest part.`,
    errors: 'Errors',
    otherErrors: (others: number) => `${plural(others, 'more attempt', 'more attempts')} failed otherwise.`,
    noErrors: 'No errors in this time range.',
    what: 'what',
    times: 'times',
    share: 'share',
    first: 'first',
    lastSeen: 'last',
    overTime: 'Attempts over time',
    bucketsTable: 'Attempts over time, as a table',
    attempts: 'attempts',
    succeeded: 'succeeded',
    failed: 'failed',
    p95: 'p95',
    start: 'from',
    deliveries: 'Deliveries',
    settings: 'Settings',
    tabs: 'Parts of the webhook',
    overview: 'Overview',
    settingsRows: {
      url: 'address',
      events: 'events',
      conditions: 'conditions',
      retry: 'retries',
      timeout: 'timeout',
      inFlight: 'in flight at most',
      ordering: 'order',
      profiles: 'signatures',
      format: 'body',
      headers: 'own headers',
      created: 'created',
      changed: 'changed',
      id: 'id',
      description: 'description',
    },
    schedule: (attempts: number, delays: number[]) =>
      `${plural(attempts, 'attempt', 'attempts')}: ${delays.map(ms => (ms === 0 ? 'at once' : `after ${duration(ms)}`)).join(', ')}`,
    none: 'none',
    rotate: 'Rotate the secret',
    rotateHelp: 'The secret of now signs for another 24 hours beside the new one.',
    rotated: 'The new secret, shown this once:',
    overlap: 'The former secret signs until',
    remove: 'Delete the webhook',
    removeHelp: 'Its deliveries under way are cancelled. What was delivered stays in the history.',
  },
  delivery: {
    title: (name: string) => `Delivery of ${name}`,
    label: 'Deliveries',
    panel: 'Delivery',
    event: 'event',
    status: 'state',
    type: 'type',
    attempts: 'attempts',
    answer: 'answer',
    when: 'created',
    webhook: 'webhook',
    next: 'next attempt',
    trigger: 'cause',
    triggers: { live: 'live', manual: 'by hand', replay: 'replay', test: 'test' } as Record<string, string>,
    attemptOf: (number: number, most: number | null) => (most === null ? count(number) : `${number} of ${most}`),
    answered: (status: number, ms: number | null) => (ms === null ? String(status) : `${status} in ${duration(ms)}`),
    attempt: (number: number) => `Attempt ${number}`,
    waterfall: 'Attempts',
    request: 'Request',
    answerTitle: 'Answer',
    requestHeaders: 'Headers of the request',
    answerHeaders: 'Headers of the answer',
    answerBody: 'Body of the answer',
    noBody: 'The answer had no body.',
    noAnswer: 'There was no answer.',
    timing: ({ queued, dns, connect, tls, firstByte, total, address }: Timing) =>
      [
        queued === null ? '' : `waited ${duration(queued)}`,
        dns === null ? '' : `name ${duration(dns)}`,
        connect === null ? 'kept connection' : `connected in ${duration(connect)}`,
        tls === null ? '' : `TLS ${duration(tls)}`,
        firstByte === null ? '' : `first byte after ${duration(firstByte)}`,
        `${duration(total)} in all`,
        address === null ? '' : `at ${address}`,
      ]
        .filter(part => part !== '')
        .join(', '),
    waited: (ms: number) => `${duration(ms)} later`,
    retry: 'Retry now',
    cancel: 'Cancel the delivery',
    empty: 'There is no delivery in this time range.',
    emptyAttempts: 'No attempt has been made yet.',
    full: 'Open the delivery',
    close: 'Close the panel',
    nextFailure: 'Next failure',
    sequence: (name: string, sequence: number) => `${name} no. ${count(sequence)}`,
    noRequest: 'no request',
  },
  again: {
    recoverTitle: (name: string) => `Recover ${name}`,
    replayTitle: (name: string) => `Replay to ${name}`,
    recoverHelp: 'Sends every event since then that this webhook has not had with success.',
    replayHelp: 'Sends every event of the time anew, marked as a replay. Receivers that keep ids know them.',
    since: 'Since',
    to: 'Until',
    rate: 'Deliveries per second',
    counting: 'Counting …',
    preview: (matched: number, isExact: boolean, types: number, seconds: number) =>
      matched === 0
        ? 'Nothing matches: there is nothing to deliver.'
        : `${isExact ? '' : 'About '}${plural(matched, 'delivery', 'deliveries')} of ${plural(types, 'type', 'types')}; about ${duration(seconds * 1_000)} at this rate.`,
    oldest: 'The oldest is from',
    ofType: (of: number, type: string) => `${count(of)} of ${type}`,
    moreTypes: (more: number) => `and ${plural(more, 'more type', 'more types')}`,
    skipped: (of: number, reason: string) => `${plural(of, 'is', 'are')} skipped: ${reason}`,
    skippedWords: {
      webhook_inactive: 'the webhook is off',
      payload_expired: 'the payload is not kept any more',
      delivery_in_progress: 'the delivery is under way',
      not_failed: 'the delivery has not failed',
      not_found: 'the delivery is unknown',
    } as Record<string, string>,
    actAll: 'Deliver all of them',
    act: (matched: number) => `Deliver ${count(matched)}`,
    typeNumber: 'Type the number to confirm',
    redriving: (done: number, of: number) => `${count(done)} of ${count(of)} sent again`,
    running: (done: number, of: number | null) => `${count(done)}${of === null ? '' : ` of ${count(of)}`} delivered`,
    progress: 'Progress of replays',
  },
  deadLetters: {
    title: 'Dead letters',
    label: 'Dead letters',
    empty: 'There is no dead letter in this time range: no delivery has failed for good.',
    groups: 'By webhook and error',
    redriveGroup: (webhook: string, error: string) => `Retry ${error} of ${webhook} …`,
    redriveFiltered: 'Retry all of these …',
    redriveTitle: (what: string) => `Retry the dead letters: ${what}`,
    redriveHelp:
      'The dead letters of this time range begin their schedule again, in the background. The job can be paused and cancelled.',
    redriveAct: (all: number) => `Retry ${count(all)}`,
    everything: 'all that the filters choose',
    all: 'all of this time range',
    anAnswer: 'an answer other than 2xx',
    noError: 'without an attempt',
    errorKind: 'Error',
    responseStatus: 'Status of the answer',
    type: 'Type',
    webhookFilter: 'Webhook',
    partly: 'The table counts the rows below; a retry counts all.',
    webhook: 'webhook',
    error: 'error',
    count: 'count',
    oldest: 'oldest',
  },
  replays: {
    title: 'Replays',
    label: 'Replays',
    empty: 'There is no replay yet. A replay sends a time again from the log; it begins at a webhook.',
    kind: 'kind',
    kinds: { replay: 'replay', recover: 'recovery', redrive: 'redrive' } as Record<string, string>,
    state: 'state',
    states: {
      pending: 'waiting',
      running: 'running',
      paused: 'paused',
      cancelling: 'being cancelled',
      cancelled: 'cancelled',
      completed: 'completed',
      failed: 'failed',
    } as Record<string, string>,
    target: 'to',
    range: 'of the time from',
    matched: 'matched',
    done: 'succeeded',
    failed: 'failed',
    skipped: 'skipped',
    created: 'started',
    title1: (kind: string) => `A ${kind}`,
    pause: 'Pause',
    resume: 'Resume',
    cancel: 'Cancel the replay',
    dryRun: 'count only',
    deadLetters: 'dead letters at the start',
    error: 'of the error',
    items: 'What became of each event',
    everyone: 'everybody who subscribes',
  },
}
