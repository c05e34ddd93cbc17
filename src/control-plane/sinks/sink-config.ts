/** The cluster, the topic and the sign-in of a sink, checked. */
import type { Problem } from '../../delivery/address-guard.ts'
import { ClarionError, type Finding } from '../../model/codes.ts'
import type { KafkaSink, SinkFormat, SinkMechanism } from '../../model/sinks.ts'

export interface SinkConfig {
  /** `host:port` */
  bootstrapServers: string[]
  topic: string
  sasl?: { mechanism: SinkMechanism; username: string; password: string } | null
  /** True by default. */
  tls?: boolean
  format?: SinkFormat
}

/** The egress guard; undefined if a broker there may be dialled. */
export type CheckBroker = (broker: {
  host: string
  port: number
  tls: boolean
}) => { rule: Problem['rule'] | 'tls'; message: string } | undefined

const SERVER = /^([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}))?:(\d{1,5})$/
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/
const CONTROL = /\p{Cc}/u

/** Throws `sink_type_not_supported`. */
export function checkSinkType(type: string): void {
  if (type === 'kafka') return
  const message = `is '${type.slice(0, 40)}': the one type that there is, is kafka`
  throw new ClarionError('sink_type_not_supported', `The type ${message}.`, {
    details: [{ path: '/type', rule: 'sink_type_not_supported', message }],
  })
}

/** Throws `invalid_sink_config` with a finding for each fault. */
export function checkedSink(config: SinkConfig, checkBroker: CheckBroker | undefined): KafkaSink {
  const { bootstrapServers, topic, sasl = null, tls = true, format = 'payload' } = config
  const details: Finding[] = []
  const refuse = (path: string, rule: string, message: string) =>
    details.push({ path: `/config${path}`, rule, message })
  for (const [at, server] of bootstrapServers.entries()) {
    const problem = problemOfServer(server, tls, checkBroker)
    // One for all servers.
    if (problem?.rule === 'tls' && at > 0) continue
    if (problem !== undefined)
      refuse(problem.rule === 'tls' ? '/tls' : `/bootstrapServers/${at}`, problem.rule, problem.message)
  }
  if (!TOPIC.test(topic) || topic === '.' || topic === '..')
    refuse('/topic', 'topic', 'is no name of a topic: 1 to 249 letters, digits, dots, _ and -')
  if (sasl !== null && CONTROL.test(sasl.username)) refuse('/sasl/username', 'characters', 'has control characters')
  if (sasl !== null && CONTROL.test(sasl.password)) refuse('/sasl/password', 'characters', 'has control characters')
  const [first] = details
  if (first !== undefined)
    throw new ClarionError('invalid_sink_config', `The sink is wrong at ${first.path}: ${first.message}.`, { details })
  const signIn = sasl && { mechanism: sasl.mechanism, username: sasl.username }
  return { type: 'kafka', bootstrapServers, topic, sasl: signIn, tls, format }
}

function problemOfServer(
  server: string,
  tls: boolean,
  checkBroker: CheckBroker | undefined,
): { rule: string; message: string } | undefined {
  const [, host, digits] = SERVER.exec(server) ?? []
  const port = Number(digits)
  if (host === undefined || port < 1 || port > 65_535)
    return { rule: 'server', message: 'is not host:port, with a name or an IPv4 address' }
  return checkBroker?.({ host, port, tls })
}
