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
  /** What every webhook may have waiting; more only while there is room for others (see `dispatcher.ts`). */
  waitingFairShare: number
  /** Deliveries of one webhook that wait in memory for their turn in an ordered lane; the others step aside. */
  linedMax: number
  /** Retries of one shard that wait in memory for their due time. */
  scheduledMax: number
  /** Results that are not committed yet; no new request is begun above. */
  uncommittedMax: number
  /** A delivery that has waited this long for a free slot steps aside into a retry topic, so that the position can move on. */
  waitingMsMax: number
  /** How long `drain` waits for requests under way. */
  drainMsMax: number
}

export const DELIVER_LIMITS: DeliverLimits = {
  inFlightMax: 1_024,
  inFlightPerOrganizationMax: 256,
  deliveriesMax: 20_000,
  payloadBytesMax: 64 * 1024 * 1024,
  waitingFairShare: 50,
  linedMax: 500,
  scheduledMax: 1_000,
  uncommittedMax: 4_000,
  waitingMsMax: 60_000,
  drainMsMax: 8_000,
}
