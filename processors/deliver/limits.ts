/** The bounds of one process that delivers, over all the shards it holds. */
export interface DeliverLimits {
  /** Requests under way. A request costs a socket and about 20 KB, and most of them only wait. */
  inFlightMax: number
  /** Of one organization, so that one with many dead endpoints leaves slots to others. */
  inFlightPerOrganizationMax: number
  /** Deliveries in memory: waiting, in flight, and soon due. Reading stops above, and goes on at half. */
  deliveriesMax: number
  /** Their payloads, bytes. */
  payloadBytesMax: number
  /** What every webhook may have waiting while memory is more than half full. */
  waitingFairShare: number
  /** Due deliveries of one webhook that wait for a slot; beyond, what comes is owed as a range. */
  waitingMax: number
  /** The same for an endpoint of which the last 20 attempts failed, with those in retry topics. */
  waitingFailingMax: number
  /** Deliveries of one webhook that wait in memory for their turn in an ordered lane; the others stay in the log. */
  linedMax: number
  /** Retries of one shard that wait in memory for their due time. */
  scheduledMax: number
  /** Results that are not committed yet; no new request is begun above. */
  uncommittedMax: number
  /** A delivery that has waited this long for a free slot waits with its webhook's range, so that the position can move on. */
  waitingMsMax: number
  /** How long `drain` waits for requests under way. */
  drainMsMax: number
  /** What comes for a range is written together after this time. */
  absorbMs: number
  /** Payloads of what comes for a webhook that catches up are kept while fewer are owed, so that it can go on live. */
  keptMax: number
  /** Numbers fed ahead of the oldest one that is out. */
  fedAheadMax: number
  /** Uncommitted results of a shard may be this old before it begins no further request. */
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
  linedMax: 500,
  scheduledMax: 1_000,
  uncommittedMax: 4_000,
  waitingMsMax: 60_000,
  drainMsMax: 8_000,
  absorbMs: 2_000,
  keptMax: 1_000,
  fedAheadMax: 4_096,
  uncommittedMsMax: 1_000,
}
