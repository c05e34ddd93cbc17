/** What is known of the cluster: brokers, leaders with their epochs, topic ids; of the topics that somebody asked for. */

export interface LeaderOf {
  node: number
  /** -1: the broker did not say. */
  epoch: number
}

export interface PartitionInfo {
  partition: number
  /** Node id; -1: none now. */
  leader: number
  leaderEpoch: number
  replicas: number[]
  isr: number[]
}

export interface TopicInfo {
  topic: string
  /** 32 hex digits, lower case; empty when unknown. */
  id: string
  /** 0, or Kafka's error code (3: the broker knows no such topic). */
  errorCode: number
  partitions: PartitionInfo[]
}

/** One per process and cluster settings, shared by all wires. */
export interface ClusterMap {
  /** Without asking anybody. */
  known(topic: string): TopicInfo | undefined
  /** Undefined: not known, or there is none now. */
  leader(topic: string, partition: number): LeaderOf | undefined
  /** Asks for those that are unknown or stale, together with others; resolves also where a topic or a partition has an error. */
  load(topics: Iterable<string>): Promise<void>
  /** The next load asks again; what is known stays until then. */
  stale(topic: string): void
  /** The hint of an answer (KIP-951). True when it is newer than what was known. */
  moved(topic: string, partition: number, to: LeaderOf & { host?: string; port?: number }): boolean
  /** A request to this broker timed out or its connection broke: for 5 s others are preferred. */
  suspect(node: number): void
  isSuspect(node: number): boolean
}
