/**
 * The asserted formats, each by the grammar of its RFC. Payloads determine the length of the texts, so every expression
 * reads its text once from left to right, without backtracking. Other formats assert nothing
 * (docs/specification/registry.md#schemas).
 */
import { isIPv4, isIPv6 } from 'node:net'
import { ExactNumber } from '../json/exact-number.ts'
import { isHostname } from './hostnames.ts'

/** The test of a format, which passes values of other types; undefined when it asserts nothing. */
export function formatOf(name: string): ((value: unknown) => boolean) | undefined {
  const ofText = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined
  if (ofText) return value => typeof value !== 'string' || ofText(value)
  return Object.hasOwn(OPENAPI_FORMATS, name) ? OPENAPI_FORMATS[name] : undefined
}

/** Formats of OpenAPI's registry that are names for people and programs, without a test here. */
const NAMES = new Set([
  ...['binary', 'password', 'commonmark', 'html', 'decimal', 'decimal128', 'http-date', 'media-range'],
  ...['sf-binary', 'sf-boolean', 'sf-decimal', 'sf-integer', 'sf-string', 'sf-token', 'date-time-local', 'time-local'],
])

/** Whether a format is asserted, or of OpenAPI's registry; others are noted with a warning. */
export const isKnownFormat = (name: string): boolean => formatOf(name) !== undefined || NAMES.has(name)

/** RFC 3339 section 5.6. */
const DATE = /^(\d{4})-(\d\d)-(\d\d)$/
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/

function isDate(text: string): boolean {
  const match = DATE.exec(text)
  if (!match) return false
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number]
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0
  return day >= 1 && day <= days
}

/** A second 60 is the leap second: the last of a day in UTC. */
function isTime(text: string): boolean {
  const match = TIME.exec(text)
  if (!match) return false
  const [, hour, minute, second, sign, zoneHour = 0, zoneMinute = 0] = match
  if (
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 60 ||
    Number(zoneHour) > 23 ||
    Number(zoneMinute) > 59
  )
    return false
  if (Number(second) < 60) return true
  const zone = (Number(zoneHour) * 60 + Number(zoneMinute)) * (sign === '-' ? -1 : 1)
  const minutesUtc = Number(hour) * 60 + Number(minute) - zone
  return (minutesUtc + 1440) % 1440 === 1439
}

const isDateTime = (text: string): boolean =>
  (text[10] === 'T' || text[10] === 't') && isDate(text.slice(0, 10)) && isTime(text.slice(11))

/** RFC 3339 appendix A: no unit may be left out between two others. */
const DURATION_TIME = String.raw`T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S)`
const DURATION_DATE = String.raw`(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)`
const DURATION = new RegExp(String.raw`^P(?:${DURATION_DATE}(?:${DURATION_TIME})?|${DURATION_TIME}|\d+W)$`)

/** RFC 3986 appendix A. The group `ip` is the part in brackets. */
const CHARACTERS = String.raw`a-z0-9\-._~!$&'()*+,;=`
const ENCODED = '%[0-9a-f]{2}'
const SEGMENT = `(?:[${CHARACTERS}:@]|${ENCODED})`
const AUTHORITY = String.raw`(?:(?:[${CHARACTERS}:]|${ENCODED})*@)?(?:\[(?<ip>[^\]]{2,200})\]|(?:[${CHARACTERS}]|${ENCODED})*)(?::\d*)?`
const AFTER_AUTHORITY = String.raw`(?:\/${SEGMENT}*)*`
const ABSOLUTE = String.raw`\/(?:${SEGMENT}+(?:\/${SEGMENT}*)*)?`
const TAIL = String.raw`(?:\?(?:[/?]|${SEGMENT})*)?(?:#(?:[/?]|${SEGMENT})*)?$`
const URI = new RegExp(
  String.raw`^[a-z][a-z0-9+\-.]*:(?:\/\/${AUTHORITY}${AFTER_AUTHORITY}|${ABSOLUTE}|${SEGMENT}+(?:\/${SEGMENT}*)*|)${TAIL}`,
  'i',
)
/** The first segment of a relative path has no colon: it would be a scheme. */
const RELATIVE = new RegExp(
  String.raw`^(?:\/\/${AUTHORITY}${AFTER_AUTHORITY}|${ABSOLUTE}|(?:[${CHARACTERS}@]|${ENCODED})+(?:\/${SEGMENT}*)*|)${TAIL}`,
  'i',
)
const IP_FUTURE = new RegExp(String.raw`^v[0-9a-f]+\.[${CHARACTERS}:]+$`, 'i')

function matchesUri(expression: RegExp, text: string): boolean {
  const match = expression.exec(text)
  const ip = match?.groups?.ip
  return match !== null && (ip === undefined || isAddress6(ip) || IP_FUTURE.test(ip))
}

const isUri = (text: string): boolean => matchesUri(URI, text)
const isAddress6 = (text: string): boolean => isIPv6(text) && !text.includes('%')

/** RFC 6570. */
const VARIABLE = String.raw`(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*(?::[1-9]\d{0,3}|\*)?`
const LITERAL = String.raw`[!#$&'()*+,\-./0-9:;=?@A-Z[\]_a-z~\u{a0}-\u{d7ff}\u{e000}-\u{fdcf}\u{fdf0}-\u{ffef}\u{10000}-\u{10fffd}]|%[0-9A-Fa-f]{2}`
const URI_TEMPLATE = new RegExp(String.raw`^(?:${LITERAL}|\{[+#.\/;?&=,!@\|]?${VARIABLE}(?:,${VARIABLE})*\})*$`, 'u')

/** RFC 5321 section 4.1.2: a dot-string or a quoted one, at a host or an address in brackets. */
const LOCAL_PART =
  /^(?:[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*|"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\[\x20-\x7e])*")$/i

function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  if (at < 1 || at > 500 || !LOCAL_PART.test(text.slice(0, at))) return false
  const host = text.slice(at + 1)
  if (!host.startsWith('[')) return isHostname(host)
  const address = host.slice(1, -1)
  return host.endsWith(']') && (/^IPv6:/i.test(address) ? isAddress6(address.slice(5)) : isIPv4(address))
}

function isPattern(text: string): boolean {
  if (text.length > 10_000) return false
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}

const matching =
  (expression: RegExp) =>
  (text: string): boolean =>
    expression.test(text)

const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': isDateTime,
  date: isDate,
  time: isTime,
  duration: matching(DURATION),
  email: isEmail,
  hostname: isHostname,
  ipv4: isIPv4,
  ipv6: isAddress6,
  uri: isUri,
  'uri-reference': text => isUri(text) || matchesUri(RELATIVE, text),
  'uri-template': matching(URI_TEMPLATE),
  uuid: matching(/^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i),
  'json-pointer': matching(/^(?:\/(?:[^~/]|~[01])*)*$/),
  'relative-json-pointer': matching(/^(?:0|[1-9]\d*)(?:#|(?:\/(?:[^~/]|~[01])*)*)$/),
  regex: isPattern,
}

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1
/** Neither bound is the decimal of a double, and both are inclusive. */
const INT64_MIN = new ExactNumber('-9223372036854775808')
const INT64_MAX = new ExactNumber('9223372036854775807')
/** The largest single-precision number, in its shortest form. */
const FLOAT_MAX = 3.4028235e38
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/** A test of a number format on the digits as they were sent. */
function ofNumbers(
  holds: (value: number) => boolean,
  holdsExactly: (value: ExactNumber) => boolean,
): (value: unknown) => boolean {
  return value => (typeof value === 'number' ? holds(value) : !(value instanceof ExactNumber) || holdsExactly(value))
}

const integersFrom = (low: number, high: number) =>
  ofNumbers(
    value => Number.isInteger(value) && value >= low && value <= high,
    () => false,
  )
const UINT64_MAX = new ExactNumber('18446744073709551615')

/** Formats of OpenAPI's registry. */
const OPENAPI_FORMATS: Readonly<Record<string, (value: unknown) => boolean>> = {
  // Integers of up to 32 bits are doubles.
  int8: integersFrom(-128, 127),
  int16: integersFrom(-32_768, 32_767),
  int32: integersFrom(INT32_MIN, INT32_MAX),
  uint8: integersFrom(0, 255),
  uint16: integersFrom(0, 65_535),
  uint32: integersFrom(0, 2 ** 32 - 1),
  uint64: ofNumbers(
    value => Number.isInteger(value) && value >= 0 && value < 2 ** 64,
    value => value.isInteger && value.compareTo(0) >= 0 && value.compareTo(UINT64_MAX) <= 0,
  ),
  'double-int': integersFrom(Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
  int64: ofNumbers(
    value => Number.isInteger(value) && Math.abs(value) < 2 ** 63,
    value => value.isInteger && value.compareTo(INT64_MIN) >= 0 && value.compareTo(INT64_MAX) <= 0,
  ),
  float: ofNumbers(
    value => Math.abs(value) <= FLOAT_MAX,
    value => value.compareTo(-FLOAT_MAX) >= 0 && value.compareTo(FLOAT_MAX) <= 0,
  ),
  double: ofNumbers(Number.isFinite, value => Number.isFinite(value.nearest)),
  byte: value => typeof value !== 'string' || BASE64.test(value),
  base64url: value => typeof value !== 'string' || /^[A-Za-z0-9_-]*$/.test(value),
  char: value => typeof value !== 'string' || (value.length <= 2 && [...value].length === 1),
}
