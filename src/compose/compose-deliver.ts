/** Composes the role `deliver`: the sender, the log and history for catch-ups, and the reports to the control plane. */
import { join } from 'node:path'
import type { CatchUpSources } from '../../processors/deliver/catch-up/catch-ups.ts'
import { createReplayEnd } from '../../processors/deliver/catch-up/replay-end.ts'
import { createDeliver } from '../../processors/deliver/index.ts'
import type { DeliverFigures } from '../../processors/deliver/metrics.ts'
import type { AnalyticsClient } from '../analytics/client.ts'
import { createMemberReads } from '../analytics/read/member-reads.ts'
import { createOwedReads } from '../analytics/read/owed-reads.ts'
import { createRedeliveryReads } from '../analytics/read/redelivery-reads.ts'
import { createRedriveReads } from '../analytics/read/redrive-reads.ts'
import { createReplayReads } from '../analytics/read/replay-reads.ts'
import type { Clock } from '../clock.ts'
import { EVENT_RETENTION_MS, type Replays } from '../control-plane/replays/replays.ts'
import { createTopicRetention } from '../kafka/admin/topic-retention.ts'
import { createLogEnds } from '../kafka/read/log-ends.ts'
import { createLogPages } from '../kafka/read/log-pages.ts'
import type { Owner } from '../model/environments.ts'
import type { Replay } from '../model/replays.ts'
import { createMailer } from '../notifications/mail.ts'
import { createSendNotification } from '../notifications/send-notification.ts'
import { createRetryDepth } from '../observability/retry-depth.ts'
import { createLogWatch, type LogWatch } from '../replay/ways/log-watch.ts'
import { openSender } from './open-sender.ts'
import type { Parts } from './parts.ts'
import { runProcessor } from './run-processor.ts'

export function startDeliver(parts: Parts): void {
  const { config, closing, view, secrets, chains, clock, random, ids, logger, tracing, metrics } = parts
  const { timeScale, clockOffsetMs } = config
  const sender = openSender(parts)
  metrics.deliver.sinkProducers(sender.producers)
  closing.push(async () => sender.close())
  const mailer = createMailer({
    smtpUrl: config.smtpUrl,
    mailboxDir: join(config.dataDir, 'mailbox'),
    from: config.mailFrom,
  })
  closing.push(async () => mailer.close())
  const {
    attempt: onAttempt,
    waitTransition: onTransition,
    endedInBulk: onBulkEnd,
    fed: onFed,
    replayItem: onReplayItem,
    shadow: onShadow,
  } = metrics.deliver
  const logWatch = createLogWatch()
  metrics.deliver.logs(logWatch)
  runProcessor(
    parts,
    createDeliver({
      ...{ view, secrets, sender, chains, clock, clockOffsetMs, random, ids, timeScale, logger, tracing },
      catchUp: catchUpSources(parts, logWatch),
      reportHealth: parts.controlPlane.reportHealth,
      reportChannel: parts.controlPlane.reportChannel,
      sendNotification: createSendNotification({ sender, mailer, secrets, view, clock }),
      onNotification: metrics.deliver.notification,
      ...{ onAttempt, onTransition, onFed, onBulkEnd, onReplayItem, onShadow },
      watch: figures => watch(parts, figures),
    }),
  )
}

function watch({ metrics, clock, wire }: Parts, { inHand, inputs }: DeliverFigures): void {
  metrics.deliver.inHand(inHand)
  metrics.deliver.depth(createRetryDepth({ clock, read: inputs, ends: partitions => wire.ends(partitions) }))
}

function catchUpSources(
  { analytics, wire, clock, provisioning, controlPlane }: Parts,
  logWatch: LogWatch,
): CatchUpSources {
  const owedReads = createOwedReads(analytics)
  const redeliveryReads = createRedeliveryReads(analytics)
  return {
    pages: createLogPages({ wire, clock }),
    ends: createLogEnds({ wire }),
    watch: logWatch,
    shards: provisioning.shards,
    retentionMs: createTopicRetention({ wire, clock }),
    subscribers: owedReads.subscribersOf,
    eventsOf: owedReads.eventsByNumber,
    deliveries: async ({ organizationId, environment }, ids) =>
      (await redeliveryReads.deliveriesByIds(organizationId, environment, ids)).map(each => ({
        ...each,
        newestAt: each.completedAt,
      })),
    ...replaySources(analytics, clock, controlPlane.replays),
  }
}

function replaySources(analytics: AnalyticsClient, clock: Clock, replays: Replays) {
  const reads = createReplayReads(analytics)
  const members = createMemberReads(analytics)
  const { eventsNamed, numbersOfEmits } = createRedeliveryReads(analytics)
  return {
    delivered: reads.deliveredEvents,
    deadLetters: createRedriveReads(analytics).deadLettersInOrder,
    ...members,
    keptEvents: {
      events: eventsNamed,
      numbers: (owner: Owner, emitIds: string[]) =>
        numbersOfEmits(owner, emitIds, new Date(clock.nowMs() - EVENT_RETENTION_MS).toISOString()),
    },
    async pause(replay: Replay, reason: string) {
      await replays.hold(replay, reason)
    },
    ended: createReplayEnd({
      outcomes: async replay => (await reads.replayOutcomes(replay, [replay])).get(replay.id) ?? new Map(),
      end: replays.endTarget,
      clock,
    }),
  }
}
