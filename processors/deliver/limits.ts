/** The limits of one `deliver` process, over all its shards. */
export interface DeliverLimits {
  /** Requests in flight. A request costs a socket and about 20 KB, and most of them only wait. */
  inFlightMax: number
  /** Requests of one organization, so that one with many dead endpoints leaves slots to others. */
  inFlightPerOrganizationMax: number
  /** Deliveries in memory: waiting, in flight, and soon due. Reading pauses above, and resumes at half. */
  deliveriesMax: number
  /** Their payloads, bytes. */
  payloadBytesMax: number
  /** Deliveries that every webhook may have waiting while memory is more than half full. */
  waitingFairShare: number
  /** Due deliveries of one webhook that wait for a slot; beyond that, new ones are owed as a range. */
  waitingMax: number
  /** The same for an endpoint whose last 20 attempts failed, including deliveries in retry topics. */
  waitingFailingMax: number
  /** Deliveries of one webhook that wait in memory for their turn in an ordered lane; the others stay in the log. */
  queuedMax: number
  /** Retries of one shard that wait in memory for their due time. */
  scheduledMax: number
  /** Uncommitted results; no new request begins above. */
  uncommittedMax: number
  /**
   * A delivery that has waited this long for a slot waits with its webhook's range, so that the position can move on.
   */
  waitingMsMax: number
  /** How long `drain` waits for requests in flight. */
  drainMsMax: number
  /** Absorbed events of a range are written together after this time. */
  absorbMs: number
  /** Payloads of new events for a webhook in catch-up are kept while fewer are owed, so that it can go on live. */
  keptMax: number
  /** Numbers fed ahead of the oldest one that is out. */
  fedAheadMax: number
  /** A shard whose uncommitted results are older than this begins no further request. */
  uncommittedMsMax: number
}

export const DELIVER_LIMITS: DeliverLimits = {
  inFlightMax: 1_024,
  inFlightPerOrganizationMax: 256,
  deliveriesMax: 20_000,
  payloadBytesMax: 64 * 1024 * 1024,
  waitingFairShare: 50,
  waitingMax: 1_000,
  waitingFailingMax: 100,
  queuedMax: 500,
  scheduledMax: 1_000,
  uncommittedMax: 4_000,
  waitingMsMax: 60_000,
  drainMsMax: 8_000,
  absorbMs: 2_000,
  keptMax: 1_000,
  fedAheadMax: 4_096,
  uncommittedMsMax: 1_000,
}
