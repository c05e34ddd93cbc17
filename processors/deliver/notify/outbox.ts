/**
 * The tries of one process that are under way. Organizations take turns, and so do the channels of each, so that
 * neither a receiver that hangs nor an organization with many of them delays the others for long.
 */
import { createFairQueue } from '../../../src/delivery/fair-queue.ts'

const IN_FLIGHT = { total: 64, perOrganization: 8, perChannel: 2 } as const
/** More than may wait for one channel. */
const WAITING_PER_CHANNEL_MAX = 10_000

export interface Job {
  organizationId: string
  channelId: string
  /** Never rejects. */
  run(): Promise<void>
  /** The shard is closed. */
  isDropped(): boolean
}

export interface Outbox {
  /** False: too many wait for this channel. */
  offer(job: Job): boolean
  /** Removes the jobs that are dropped. */
  tidy(): void
}

export function createOutbox(): Outbox {
  const queue = createFairQueue<Job>({
    maxInFlight: IN_FLIGHT.total,
    maxInFlightPerOrganization: IN_FLIGHT.perOrganization,
    maxWaitingPerWebhook: WAITING_PER_CHANNEL_MAX,
  })

  function pump(): void {
    for (let job = queue.take(); job !== undefined; job = queue.take()) void run(job)
  }

  async function run(job: Job): Promise<void> {
    if (!job.isDropped()) await job.run()
    queue.done(job.channelId)
    pump()
  }

  return {
    offer(job) {
      const taken = queue.offer(job.organizationId, job.channelId, IN_FLIGHT.perChannel, job) === 'taken'
      pump()
      return taken
    },
    tidy() {
      queue.retain(job => !job.isDropped())
    },
  }
}
