/** What a log reader goes by: how long brokers hold its fetches, and how much it takes at once. */
export interface LogReaderSettings {
  /** How long the broker holds a fetch when there is nothing; also how late an added partition may start. */
  maxWaitMs: number
  /** The same while something is paused and may be resumed any moment. */
  maxWaitWhilePausedMs: number
  /** How long it may let records wait for more of them while it has time. */
  patientWaitMs: number
  /** So many bytes are worth an answer then. */
  patientBytesMin: number
  bytesMax: number
  partitionBytesMax: number
  /** A partition without records for this long is read with the quiet ones. */
  quietAfterMs: number
  /** With as many partitions or fewer there are no quiet ones. */
  busyMin: number
  /** Most quiet partitions that are read together. */
  quietMax: number
  /** How long the broker holds a fetch of quiet ones when there is nothing. */
  quietWaitMs: number
  /** With an answer that is so late, the rest of the cluster is asked whether others lead by now; again and again after so long. */
  lateMs: number
}

export const READER_DEFAULTS: LogReaderSettings = {
  maxWaitMs: 250,
  maxWaitWhilePausedMs: 5,
  patientWaitMs: 500,
  patientBytesMin: 256 * 1024,
  bytesMax: 4 * 1024 * 1024,
  partitionBytesMax: 1024 * 1024,
  quietAfterMs: 10_000,
  busyMin: 8,
  quietMax: 512,
  quietWaitMs: 1_000,
  lateMs: 1_000,
}
