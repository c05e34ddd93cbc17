/**
 * The egress guard: the URLs and addresses that a webhook may reach (docs/specification/webhooks.md#egress). A URL is
 * checked once, when it is set, by its text; the address is checked at every connection, because a name may resolve to
 * another one each time.
 */
import type { LookupAddress } from 'node:dns'
import { ClarionError } from '../model/codes.ts'
import {
  type Address,
  behindGateway,
  isThisMachine,
  isWithin,
  parseAddress,
  parseRange,
  specialRange,
} from './addresses.ts'
import { AttemptError } from './attempt-error.ts'
import { createResolveName, isLocalhost, type ResolveName } from './resolve-name.ts'

const URL_CHARACTERS_MAX = 2048
const HTTPS_PORTS = [443, 8443]
/** Of brokers: 9092 by custom, those beside it for further listeners, 443 behind some load balancers. */
export const KAFKA_PORTS: readonly number[] = [443, 9092, 9093, 9094, 9095, 9096, 9097, 9098]

export interface OwnAddress {
  host: string
  port: number | undefined
}

export interface AddressGuardOptions {
  /** CIDR ranges that may be reached although they are not public, on every port (`EGRESS_ALLOW`). */
  allow: string[]
  /** Whether plain http may be used (`EGRESS_ALLOW_HTTP`). */
  allowHttp: boolean
  /**
   * Addresses that this installation listens on; refused even within `allow`. Host: an address, a name, or `0.0.0.0` /
   * `::` for every interface. No port: every port.
   */
  ownAddresses: () => ReadonlyArray<OwnAddress>
  /** Paths of `servers` that may be reached nevertheless, by literal address or `localhost`, in plain http. */
  ownAllowed?: { servers: () => ReadonlyArray<OwnAddress>; path: RegExp }
  resolve?: ResolveName
}

export interface AddressGuard {
  /**
   * Undefined if a webhook may have the URL, else `https_required` or `invalid_webhook_url` with the reason in
   * `details[0].rule`: `too_long`, `not_a_url`, `userinfo`, `blocked_address`, `port`.
   */
  checkUrl(url: string): ClarionError | undefined
  /** Whether the URL is one of `ownAllowed`: no further check applies. */
  isOwnAllowed(url: URL): boolean
  /**
   * The addresses to connect to, all of them checked: connect to these and to no other. `hostname` is a name or a
   * literal. `ports`: the permitted ones outside the allow list, those of HTTP by default. Rejects with `AttemptError` of
   * kind `dns` or `blocked_address`.
   */
  addressesOf(hostname: string, port: number, ports?: Ports): Promise<LookupAddress[]>
  /** The reason why a server can never be connected to, as far as its text says; undefined if there is none. */
  problemOf(hostname: string, port: number, ports: Ports): Problem | undefined
}

export type Ports = readonly number[] | 'any'
export interface Problem {
  rule: 'blocked_address' | 'port'
  message: string
}

export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  const allowed = options.allow.map(parseRange)
  const resolve = options.resolve ?? createResolveName()
  const ownNames = createOwnNames(resolve)
  const httpPorts = options.allowHttp ? [...HTTPS_PORTS, 80] : HTTPS_PORTS

  /** The reason why this address and port must not be reached, or undefined. */
  function judge(address: Address, port: number, own: readonly OwnAddress[], ports: Ports): Problem | undefined {
    if (isOwn(address, port, own))
      return { rule: 'blocked_address', message: `${address} port ${port} belongs to this installation` }
    if (isWithin(address, allowed)) return undefined
    const range = specialRange(address)
    if (range) return { rule: 'blocked_address', message: `${address} is not a public address (${range})` }
    return portProblem(port, ports)
  }

  function isOwn(address: Address, port: number, ownAddresses: readonly OwnAddress[]): boolean {
    const target = behindGateway(address)
    return ownAddresses.some(own => isPort(own, port) && hostCovers(own.host, target))
  }

  function judgeHost(hostname: string, port: number, ports: Ports): Problem | undefined {
    const literal = parseAddress(hostname)
    const own = options.ownAddresses()
    if (literal) return judge(literal, port, own, ports)
    if (isLocalhost(hostname)) return judge(parseAddress('127.0.0.1')!, port, own, ports)
    if (own.some(each => isPort(each, port) && sameName(each.host, hostname)))
      return { rule: 'blocked_address', message: `${hostname} port ${port} belongs to this installation` }
    // A name on another port is valid if it resolves into the allow list, which is known only once it is resolved.
    return allowed.length === 0 ? portProblem(port, ports) : undefined
  }

  function isOwnAllowed(url: URL): boolean {
    const { ownAllowed } = options
    if (ownAllowed === undefined || url.protocol !== 'http:' || url.username || url.password) return false
    if (!ownAllowed.path.test(url.pathname)) return false
    const address = parseAddress(isLocalhost(url.hostname) ? '127.0.0.1' : url.hostname)
    return address !== undefined && isOwn(address, portOf(url), ownAllowed.servers())
  }

  return {
    isOwnAllowed,
    checkUrl(text) {
      if (text.length > URL_CHARACTERS_MAX)
        return invalid('too_long', `the URL is longer than ${URL_CHARACTERS_MAX} characters`)
      // The URL standard drops these characters; the text shown would differ from the URL called.
      if (!URL.canParse(text) || !/^[a-z][a-z\d+.-]*:\/\//i.test(text) || /[\p{Cc}\s\\]/u.test(text))
        return invalid('not_a_url', 'the text is not an absolute URL')
      const url = new URL(text)
      if (url.username || url.password) return invalid('userinfo', 'the URL carries a user name or password')
      if (isOwnAllowed(url)) return undefined
      if (url.protocol !== 'https:' && !(options.allowHttp && url.protocol === 'http:')) {
        return new ClarionError('https_required', `A webhook's URL begins with https://, not ${url.protocol}//.`)
      }
      const problem = judgeHost(url.hostname, portOf(url), httpPorts)
      return problem && invalid(problem.rule, problem.message)
    },
    problemOf: judgeHost,
    async addressesOf(hostname, port, ports = httpPorts) {
      const literal = parseAddress(hostname)
      const addresses = literal ? [literal] : await namedAddresses(hostname)
      const own = await ownNames.resolved(options.ownAddresses().filter(each => isPort(each, port)))
      const problems = addresses.map(address => judge(address, port, own, ports))
      // One forbidden address condemns a name: a receiver has no reason to mix them, an attacker has. `localhost` is
      // two addresses by definition.
      const problem = isLocalhost(hostname) && problems.includes(undefined) ? undefined : problems.find(Boolean)
      if (problem) throw new AttemptError('blocked_address', `Refused to connect: ${problem.message}.`)
      return addresses.filter((_, index) => problems[index] === undefined).map(lookupAddress)
    },
  }

  async function namedAddresses(hostname: string): Promise<Address[]> {
    try {
      const addresses = await resolve(hostname)
      if (addresses.length > 0) return addresses.map(({ address }) => parseAddress(address)!)
    } catch (error) {
      throw new AttemptError('dns', `The name ${hostname} could not be resolved (${codeOf(error)}).`, { cause: error })
    }
    throw new AttemptError('dns', `The name ${hostname} has no address.`)
  }
}

const portProblem = (port: number, ports: Ports): Problem | undefined =>
  ports === 'any' || ports.includes(port)
    ? undefined
    : { rule: 'port', message: `port ${port} is not one of ${ports.join(', ')}` }

const isPort = (own: OwnAddress, port: number): boolean => own.port === undefined || own.port === port

const sameName = (a: string, b: string): boolean =>
  a.toLowerCase().replace(/\.$/, '') === b.toLowerCase().replace(/\.$/, '')

/**
 * Addresses of the platform's own names: another name may resolve to the same ones. They are resolved with every
 * connection to their port, since they change; while the look-up fails, the last result counts.
 */
function createOwnNames(resolve: ResolveName) {
  const last = new Map<string, OwnAddress[]>()

  async function addressesOf(own: OwnAddress): Promise<OwnAddress[]> {
    if (parseAddress(own.host) !== undefined || isLocalhost(own.host)) return [own]
    const key = `${own.host}:${own.port ?? ''}`
    try {
      last.set(
        key,
        (await resolve(own.host)).map(({ address }) => ({ host: address, port: own.port })),
      )
    } catch {
      // The last known addresses are the best available.
    }
    return last.get(key) ?? []
  }

  return {
    async resolved(list: readonly OwnAddress[]): Promise<OwnAddress[]> {
      return (await Promise.all(list.map(addressesOf))).flat()
    },
  }
}

export function portOf(url: URL): number {
  if (url.port) return Number(url.port)
  return url.protocol === 'https:' ? 443 : 80
}

function hostCovers(ownHost: string, target: Address): boolean {
  const own = isLocalhost(ownHost) ? parseAddress('127.0.0.1') : parseAddress(ownHost)
  if (!own) return false
  const range = own.range()
  if (range === 'unspecified') return isThisMachine(target)
  // The kernel treats 0.0.0.0 and :: as loopback when connecting.
  if (range === 'loopback' && (target.range() === 'unspecified' || target.toString() === '::1')) return true
  return own.toString() === target.toString()
}

function lookupAddress(address: Address): LookupAddress {
  return { address: address.toString(), family: address.kind() === 'ipv4' ? 4 : 6 }
}

function invalid(rule: string, message: string): ClarionError {
  return new ClarionError('invalid_webhook_url', `The URL cannot be a webhook: ${message}.`, {
    details: [{ path: '/url', rule, message }],
  })
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
