/** The settings of a log reader: how long brokers hold its fetches, and how much it reads at once. */
export interface LogReaderSettings {
  /** How long the broker holds an empty fetch; also how late an added partition may start. */
  maxWaitMs: number
  /** The same while something is paused and may be resumed any moment. */
  maxWaitWhilePausedMs: number
  /** How long it may let records wait for larger batches while its owner has time. */
  batchingWaitMs: number
  /** With this many bytes an answer comes at once even then. */
  batchingBytesMin: number
  bytesMax: number
  partitionBytesMax: number
  /** A partition without records for this long counts as quiet. */
  quietAfterMs: number
  /** With at most this many partitions there are no quiet ones. */
  busyMin: number
  /** Maximum quiet partitions that are read together. */
  quietMax: number
  /** How long the broker holds an empty fetch of quiet ones. */
  quietWaitMs: number
  /**
   * After this long without an answer other brokers are queried for a new leader, and again at this
   * interval.
   */
  lateMs: number
}

export const READER_DEFAULTS: LogReaderSettings = {
  maxWaitMs: 250,
  maxWaitWhilePausedMs: 5,
  batchingWaitMs: 500,
  batchingBytesMin: 256 * 1024,
  bytesMax: 4 * 1024 * 1024,
  partitionBytesMax: 1024 * 1024,
  quietAfterMs: 10_000,
  busyMin: 8,
  quietMax: 512,
  quietWaitMs: 1_000,
  lateMs: 1_000,
}
