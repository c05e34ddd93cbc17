/** Hosts, host:port pairs, address ranges and URLs. */
import { isIPv4, isIPv6 } from 'node:net'
import { parseAddress, parseRange } from '../delivery/addresses.ts'
import { type Kind, SettingFault, shown } from './kind.ts'
import { listOf } from './plain-values.ts'

/** An IP address, which may be in brackets and is returned without them, or a host name. */
export const listenHost: Kind<string> = {
  expected: 'an address or a name to listen on, without scheme and port',
  parse(text) {
    const inner = /^\[(.*)\]$/.exec(text)?.[1]
    if (inner !== undefined && !isIPv6(inner))
      throw new SettingFault(`${shown(text)} has no IPv6 address between its brackets`)
    const host = inner ?? text
    // An address with a zone (fe80::1%eth0) is one to listen on, and no other kind of address.
    if (isIPv6(host) && host.includes('%')) return host
    return hostOf(host)
  },
}

/** Hosts, each with or without a port: `10.0.0.5`, `admit.internal:9000`, `[fd00::1]:9000`. */
export const hosts: Kind<Array<{ host: string; port: number | undefined }>> = {
  expected: 'hosts or host:port pairs by comma',
  parse: text =>
    listOf(text, hostWithOrWithoutPort).map(entry => {
      const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry)!
      return { host: bracketed ?? plain!, port: port === undefined ? undefined : Number(port) }
    }),
}

/** In the spelling of `hostAndPort`, so that duplicates are detected. */
function hostWithOrWithoutPort(text: string, show: (text: string) => string): string {
  const bare = /^\[([^\]]*)\]$/.exec(text)?.[1] ?? text
  if (isIPv6(bare)) return `[${hostOf(bare, show(text))}]`
  return text.includes(':') ? hostAndPort(text, show) : hostOf(bare, `(${show(text)})`)
}

export const brokerAddresses: Kind<string[]> = {
  expected: 'host:port addresses by comma',
  parse: text => listOf(text, hostAndPort),
}

/** Lower case, IPv6 in brackets, IPv4-mapped IPv6 as IPv4: one spelling each, so that duplicates are detected. */
function hostAndPort(text: string, show: (text: string) => string): string {
  if (text.includes('://')) throw new SettingFault('has a scheme; only host and port go here')
  if (text.includes('@')) throw new SettingFault('holds an @; user and password have settings of their own')
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|(.*?))(?::([^:]*))?$/.exec(text) ?? []
  const at = `(${show(text)})`
  if (bracketed === undefined && plain?.includes(':') !== false)
    throw new SettingFault(`${at} has more than one colon; an IPv6 address goes into brackets`)
  if (port === undefined) throw new SettingFault(`${at} has no port`)
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65535)
    throw new SettingFault(`${at} has a port that is not a number from 1 to 65535`)
  if (bracketed !== undefined && (!isIPv6(bracketed) || bracketed.includes('%')))
    throw new SettingFault(`${at} has no IPv6 address between its brackets`)
  const host = hostOf(bracketed ?? plain!, at)
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`
}

/** The host of an address that `brokerAddresses` has accepted. */
export const hostNameOf = (address: string): string =>
  address.slice(0, address.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')

/** A host in its one spelling. `at`: the subject of the sentence that says what is wrong. */
function hostOf(text: string, at = shown(text)): string {
  if (isIPv4(text) || (isIPv6(text) && !text.includes('%'))) return parseAddress(text)!.toString()
  if (text === '') throw new SettingFault(`${at} has no host`)
  const labels = text.replace(/\.$/, '').split('.')
  if (text.length > 253 || !labels.every(label => /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i.test(label)))
    throw new SettingFault(`${at} is neither an address nor a host name`)
  if (/^(?:\d+|0x[\da-f]*)$/i.test(labels.at(-1)!))
    throw new SettingFault(
      `${at} is no IPv4 address, which is four decimal numbers from 0 to 255 without leading zeros`,
    )
  return text.toLowerCase()
}

export const ranges: Kind<string[]> = {
  expected: 'address ranges (CIDR) by comma',
  parse: text =>
    listOf(text, (entry, show) => {
      try {
        const [address, bits] = parseRange(entry)
        return `${address}/${bits}`
      } catch (error) {
        throw new SettingFault(`(${show(entry)}) ${(error as Error).message}`)
      }
    }),
}

export interface UrlRules {
  schemes: readonly string[]
  /** `user`: a user without a password is valid. */
  credentials: 'user' | 'pair'
  path: boolean
  query: boolean
}

const ESCAPES = 'In a user name or password the characters % / ? # @ : are written %25 %2F %3F %23 %40 %3A'

/** The text is unchanged. Messages never show it, because it may contain a password. */
export const urlOf = (rules: UrlRules): Kind<string> => ({
  expected: `a URL that begins with ${rules.schemes.map(scheme => `${scheme}://`).join(' or ')}`,
  parse(text) {
    if (!rules.schemes.some(scheme => text.toLowerCase().startsWith(`${scheme}://`)))
      throw new SettingFault('it begins otherwise')
    if (/[\p{Cc}\s\\]/u.test(text)) throw new SettingFault('it holds a space, a control character or a backslash')
    if (!URL.canParse(text)) throw new SettingFault(`its host or port cannot be read. ${ESCAPES}`)
    const url = new URL(text)
    if (text.includes('#')) throw new SettingFault(`it has a fragment (#…). ${ESCAPES}`)
    if (text.includes('?') && !rules.query)
      throw new SettingFault(`it has a query (?…), which has no meaning here. ${ESCAPES}`)
    if (url.pathname.replace('/', '') !== '' && !rules.path)
      throw new SettingFault(`it has a path, which has no meaning here. ${ESCAPES}`)
    hostOf(url.hostname.replace(/^\[(.*)\]$/, '$1'), 'its host')
    if (url.port === '0') throw new SettingFault('its port is 0')
    checkCredentials(url, rules.credentials)
    return text
  },
})

const postgresUrl = urlOf({ schemes: ['postgres', 'postgresql'], credentials: 'pair', path: true, query: true })

export const databaseUrl: Kind<string> = {
  expected: `${postgresUrl.expected}, or off`,
  parse: text => (text === 'off' ? text : postgresUrl.parse(text)),
}

function checkCredentials(url: URL, allowed: UrlRules['credentials']): void {
  const [user, password] = [url.username !== '', url.password !== '']
  if (password && !user) throw new SettingFault('it has a password without a user name')
  if (user && !password && allowed === 'pair') throw new SettingFault('it has a user name without a password')
  try {
    decodeURIComponent(url.username)
    decodeURIComponent(url.password)
  } catch {
    throw new SettingFault(`its user name or password holds a % that begins no escape of UTF-8. ${ESCAPES}`)
  }
}
