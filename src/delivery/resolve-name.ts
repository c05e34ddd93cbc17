/**
 * Resolves names without the thread pool: `dns.lookup` runs in four shared threads, where one receiver with a slow name
 * server would delay all others. So DNS is queried directly; only names that DNS does not know go to the system (hosts
 * file), two at a time.
 */
import type { LookupAddress } from 'node:dns'
import { lookup, Resolver } from 'node:dns/promises'

export type ResolveName = (hostname: string) => Promise<LookupAddress[]>

const TIMEOUT_MS = 3000
const TRIES = 2
const SYSTEM_LOOKUPS_MAX = 2
const LOOPBACKS: LookupAddress[] = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
]

/**
 * Resolves to at least one address, or rejects with the resolver's error. `servers`: DNS servers (address:port) in
 * place of the system's.
 */
export function createResolveName({ servers }: { servers?: string[] } = {}): ResolveName {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES })
  if (servers) resolver.setServers(servers)
  let systemLookups = 0

  async function askSystem(hostname: string, dnsError: unknown): Promise<LookupAddress[]> {
    if (systemLookups >= SYSTEM_LOOKUPS_MAX) throw dnsError
    systemLookups += 1
    try {
      return await lookup(hostname, { all: true })
    } finally {
      systemLookups -= 1
    }
  }

  return async hostname => {
    const name = hostname.replace(/\.$/, '')
    if (isLocalhost(name)) return LOOPBACKS // RFC 6761, 6.3
    const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const found: LookupAddress[] = [
      ...(v4.status === 'fulfilled' ? v4.value.map(address => ({ address, family: 4 })) : []),
      ...(v6.status === 'fulfilled' ? v6.value.map(address => ({ address, family: 6 })) : []),
    ]
    if (found.length > 0) return found
    const error = v4.status === 'rejected' ? v4.reason : undefined
    if (error?.code === 'ETIMEOUT') throw error
    return askSystem(name, error)
  }
}

export function isLocalhost(hostname: string): boolean {
  return /^(.+\.)?localhost\.?$/.test(hostname)
}
