/**
 * State shared by all wires of a process with the same settings: the cluster map, the coordinators, the login, and
 * connections for lookups. It lives as long as one of its wires.
 */
import { connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock, Random } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { type ClusterState, createClusterMap } from './cluster.ts'
import { type Connection, openConnection } from './connection.ts'
import { createConnectionGate, isRefusal } from './connection-gate.ts'
import { type Connections, createConnections } from './connections.ts'
import { type Coordinators, createCoordinators } from './coordinators.ts'
import { hedged } from './hedged.ts'
import { type MetadataAnswer, metadataRequest } from './metadata-requests.ts'
import { createAuthenticate } from './sasl.ts'
import { KafkaError, type KafkaSettings, type SocketFactory, type WireRequest } from './types.ts'

const HEDGE_MS = 500
const KEEP_ALIVE_MS = 60_000

export interface SharedCluster {
  readonly map: ClusterState
  readonly coordinators: Coordinators
  /** Resolves when the brokers are known. */
  ready(): Promise<void>
  /** Metadata of these topics from some broker, merged into the map. */
  askMetadata(topics: string[]): Promise<MetadataAnswer>
  /** To some broker, and to another one when that is late: only for idempotent requests. */
  askAny<T>(request: WireRequest<T>): Promise<T>
  /** Node id of a broker that answers. */
  anyNode(): Promise<number>
  /** A further set of connections. */
  createConnections(): Connections
  release(): void
}

interface Deps {
  settings: KafkaSettings
  clock: Clock
  random: Random
  logger: Logger
}

const shared = new Map<string, { cluster: SharedCluster; users: number }>()
const identities = new WeakMap<object, number>()
let lastIdentity = 0

/** Each call must be followed by one of `release`. */
export function shareCluster(deps: Deps): SharedCluster {
  const key = keyOf(deps)
  const known = shared.get(key) ?? { cluster: createCluster(deps, () => leave(key)), users: 0 }
  known.users++
  shared.set(key, known)
  return known.cluster
}

/** Returns whether no wire is left. */
function leave(key: string): boolean {
  const known = shared.get(key)
  if (!known || --known.users > 0) return false
  shared.delete(key)
  return true
}

function keyOf({ settings, clock }: Deps): string {
  const { token, socketFactory, observer, ...plain } = settings
  return JSON.stringify([plain, ...[token, socketFactory, observer, clock].map(identityOf)])
}

function identityOf(thing: object | undefined): number {
  if (!thing) return 0
  const known = identities.get(thing) ?? ++lastIdentity
  identities.set(thing, known)
  return known
}

function createCluster(deps: Deps, isLast: () => boolean): SharedCluster {
  const { settings, clock } = deps
  const { observer } = settings
  const logger = deps.logger.child({ part: 'kafka-connections' })
  const bootstrap = settings.brokers.map(addressOf)
  const authenticate = createAuthenticate(settings, deps)
  const socketFactory = settings.socketFactory ?? socketFactoryOf(settings)
  const gate = createConnectionGate(clock)
  const map = createClusterMap({
    clock,
    ask: async (topics, isRepeated) => (await askSome(metadataRequest(topics), isRepeated)).answer,
  })
  let locating: Promise<void> | undefined
  const own = newConnections()
  const coordinators = createCoordinators({
    ask: async request => (await askSome(request)).answer,
    onFound: map.learn,
  })
  /** The broker that answered last is the first choice. */
  let preferred: number | undefined

  /** Before the brokers are known, the addresses of the settings are nodes -1, -2, … */
  const placeOf = (nodeId: number) => (nodeId < 0 ? bootstrap[-1 - nodeId] : map.address(nodeId))

  function connect(nodeId: number): Connection {
    const place = placeOf(nodeId)
    if (!place) throw new KafkaError('CONNECTION', `the cluster has no broker ${nodeId} now`)
    const { host, port } = place
    const address = `${host}:${port}`
    gate.check(address)
    return openConnection({
      host,
      port,
      clientId: settings.clientId,
      socketFactory,
      authenticate,
      clock,
      onOpen() {
        gate.opened(address)
        if (nodeId >= 0) observer?.reachable(nodeId, true)
      },
      onLate: api => observer?.late(nodeId, api),
      onBroken(error, wasOpen) {
        if (nodeId >= 0) observer?.reachable(nodeId, false)
        logger[isRefusal(error) ? 'warn' : 'debug'](
          { node: nodeId, error: error.message },
          'a connection to a broker has ended',
        )
        if (!wasOpen) gate.failed(address, error)
        map.suspect(nodeId)
      },
    })
  }

  function newConnections(): Connections {
    return createConnections({
      clock,
      connect,
      locate(nodeId) {
        return placeOf(nodeId) ? undefined : locate()
      },
    })
  }

  function locate(): Promise<void> {
    locating ??= findBrokers().finally(() => {
      locating = undefined
    })
    return locating
  }

  async function findBrokers(): Promise<void> {
    const requestedAtMs = clock.monotonicMs()
    map.accept((await askSome(metadataRequest([]))).answer, requestedAtMs)
  }

  /**
   * Live brokers that are not suspect, then suspect ones, then the addresses of the settings. `isRepeated`: another one
   * than last time, if there is one.
   */
  function candidates(isRepeated = false): number[] {
    const brokers = [...map.brokers()]
    const rank = (nodeId: number) =>
      (map.isSuspect(nodeId) ? 4 : 0) + ((nodeId === preferred) === isRepeated ? 2 : 0) + (own.isOpen(nodeId) ? 0 : 1)
    brokers.sort((one, other) => rank(one) - rank(other))
    return [...brokers, ...bootstrap.map((_, index) => -1 - index)]
  }

  const hedging = { clock, afterMs: HEDGE_MS, worst: worstOf }

  async function askSome<T>(request: WireRequest<T>, isRepeated?: boolean): Promise<{ node: number; answer: T }> {
    const { node, answer } = await hedged(
      candidates(isRepeated),
      async node => {
        // Opening has deadlines of its own.
        await own.open(node)
        return { node, answer: await own.send(node, request) }
      },
      hedging,
    )
    preferred = node
    return { node, answer }
  }

  return {
    map,
    coordinators,
    ready: async () => {
      if (map.brokers().length === 0) await locate()
    },
    async askMetadata(topics) {
      const requestedAtMs = clock.monotonicMs()
      const { answer } = await askSome(metadataRequest(topics))
      map.accept(answer, requestedAtMs)
      return answer
    },
    askAny: async request => (await askSome(request)).answer,
    anyNode: () => hedged(candidates(), node => own.open(node).then(() => node), hedging),
    createConnections: newConnections,
    release() {
      if (!isLast()) return
      map.close()
      own.close()
    },
  }
}

/** A broker's error, or an error in the settings, says more than that another broker is unavailable. */
function worstOf(errors: unknown[]): unknown {
  const said = errors.find(error => error instanceof KafkaError && !isAway(error))
  if (said) return said
  const messages = new Set(errors.map(error => (error instanceof Error ? error.message : String(error))))
  return new KafkaError('CONNECTION', `no broker answers: ${[...messages].join('; ')}`, { cause: errors[0] })
}

const isAway = ({ type }: KafkaError): boolean => type === 'CONNECTION' || type === 'REQUEST_TIMEOUT'

/** `host:port`, an IPv6 address in brackets. */
function addressOf(broker: string): { host: string; port: number } {
  const colon = broker.lastIndexOf(':')
  return { host: broker.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(broker.slice(colon + 1)) }
}

function socketFactoryOf({ ssl, tls = {} }: KafkaSettings): SocketFactory {
  return ({ host, port, onConnect }) => {
    const socket = ssl
      ? // An address has no name to ask for; its certificate names the address.
        connectTls({ host, port, ...(isIP(host) ? {} : { servername: host }), ...withoutAbsent(tls) }, onConnect)
      : connectTcp({ host, port }, onConnect)
    return socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_MS)
  }
}

const withoutAbsent = (settings: object) =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined))
