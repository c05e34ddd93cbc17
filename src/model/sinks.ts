/** Sinks: topics in clusters of organizations' own that events are pushed into. See docs/specification/sinks.md. */

export const SINK_FORMATS = ['payload', 'cloudevents'] as const
export type SinkFormat = (typeof SINK_FORMATS)[number]

export const SINK_MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
export type SinkMechanism = (typeof SINK_MECHANISMS)[number]

/** A topic, and how to sign in to its cluster. The password is sealed in the record of the webhook. */
export interface KafkaSink {
  type: 'kafka'
  /** `host:port` */
  bootstrapServers: string[]
  topic: string
  sasl: { mechanism: SinkMechanism; username: string } | null
  tls: boolean
  format: SinkFormat
}

/** With the password, for a connection. One object per record of a sink. */
export interface OpenedSink extends KafkaSink {
  id: string
  password: string
}

/** Shown as the address of a delivery. */
export const sinkUrl = ({ bootstrapServers, topic }: Pick<KafkaSink, 'bootstrapServers' | 'topic'>): string =>
  `kafka://${bootstrapServers[0]}/${topic}`
