/** Settings for keys, the header that carries one, and the sender of mail. */
import addressparser from 'nodemailer/lib/addressparser'
import { type Kind, SettingFault, shown } from './kind.ts'

const KEY_BYTES_MIN = 32
const KEY_BYTES_MAX = 1024

/** It travels in a header: visible ASCII only. */
export const adminKey: Kind<string> = {
  expected: `${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} visible ASCII characters without spaces`,
  keepsSpace: true,
  parse(text) {
    if (!/^[!-~]*$/.test(text)) throw new SettingFault('it holds a space, a control character or a letter beyond ASCII')
    return longEnough(text)
  },
}

export const secretKey: Kind<string> = {
  expected: `${KEY_BYTES_MIN} to ${KEY_BYTES_MAX} bytes of text`,
  keepsSpace: true,
  parse: text => longEnough(password.parse(text), SHORTER_KEY_IN_USE),
}

/** Everything sealed with the old key would be lost with a new key alone. */
const SHORTER_KEY_IN_USE =
  '. An installation that uses a shorter key sets it as CLARION_SECRET_KEY_PREVIOUS, beside a new one'

function longEnough(text: string, remedy = ''): string {
  const bytes = Buffer.byteLength(text)
  if (bytes < KEY_BYTES_MIN) throw new SettingFault(`it has ${bytes}${remedy}`)
  if (bytes > KEY_BYTES_MAX) throw new SettingFault(`it has ${bytes}`)
  return text
}

export const password: Kind<string> = {
  expected: 'text without control characters and without spaces at its ends',
  keepsSpace: true,
  parse(text) {
    if (/\p{Cc}/u.test(text)) throw new SettingFault('it holds a control character, such as a line end')
    if (text !== text.trim()) throw new SettingFault('it begins or ends with white space')
    return text
  },
}

/** Headers with a meaning in the API, HTTP or proxies, which a key must not use. */
const USED_HEADERS: ReadonlySet<string> = new Set([
  ...[
    'authorization',
    'proxy-authorization',
    'www-authenticate',
    'x-api-key',
    'cookie',
    'set-cookie',
    'idempotency-key',
    'prefer',
  ],
  ...[
    'traceparent',
    'tracestate',
    'baggage',
    'x-request-id',
    'x-emit-id',
    'retry-after',
    'if-match',
    'if-none-match',
    'etag',
    'vary',
  ],
  ...[
    'host',
    'connection',
    'keep-alive',
    'upgrade',
    'te',
    'trailer',
    'transfer-encoding',
    'expect',
    'date',
    'via',
    'forwarded',
  ],
  ...[
    'accept',
    'accept-encoding',
    'accept-language',
    'accept-charset',
    'range',
    'origin',
    'referer',
    'user-agent',
    'from',
    'allow',
  ],
  ...[
    'content-type',
    'content-length',
    'content-encoding',
    'content-language',
    'content-location',
    'cache-control',
    'location',
  ],
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'],
])

/** A token of RFC 9110, in lower case. */
export const keyHeader: Kind<string> = {
  expected: 'the name of a header that nothing else uses',
  parse(text) {
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}$/.test(text))
      throw new SettingFault(
        `${shown(text)} is no header name of 1 to 100 letters, digits and characters of !#$%&'*+-.^_\`|~`,
      )
    const name = text.toLowerCase()
    // Node keeps headers in a plain object: a name on Object.prototype would always be found.
    if (USED_HEADERS.has(name) || name in Object.prototype) throw new SettingFault(`'${name}' has another use`)
    return name
  },
}

/** `name@host`, or a display name with the address in angle brackets. */
export const sender: Kind<string> = {
  expected: 'one mail address',
  parse(text) {
    if (/\p{Cc}/u.test(text)) throw new SettingFault('it holds a control character, such as a line end')
    const found = addressparser(text)
    const [first] = found
    if (found.length !== 1 || first === undefined || !('address' in first))
      throw new SettingFault('it is not exactly one address')
    if (!/^[^\s<>@,;:"()[\]\\]+@[^\s<>@,;"()\\]+$/.test(first.address ?? ''))
      throw new SettingFault('it lacks an address of the form name@host')
    return text
  },
}
