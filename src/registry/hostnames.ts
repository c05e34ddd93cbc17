/** Host names (RFC 1123). Punycode labels must encode valid labels (RFC 5891, RFC 5892). */
import { domainToASCII, domainToUnicode } from 'node:url'

const HOSTNAME_CHARACTERS_MAX = 253
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i

export function isHostname(text: string): boolean {
  return text.length <= HOSTNAME_CHARACTERS_MAX && text.split('.').every(isLabel)
}

function isLabel(label: string): boolean {
  if (!LABEL.test(label)) return false
  if (label.slice(2, 4) !== '--') return true
  if (!/^xn--/i.test(label)) return false
  const unicode = domainToUnicode(label)
  return unicode !== '' && domainToASCII(unicode) === label.toLowerCase() && isInternationalLabel(unicode)
}

/** Characters that a label may never contain, or only beside others (RFC 5892 appendix A). */
const FORBIDDEN = /^\p{M}|^..--|[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]/u
const MIDDLE_DOT_ASTRAY = /(?<!l)\u00b7|\u00b7(?!l)/u
const KERAIA_ASTRAY = /\u0375(?!\p{Script=Greek})/u
const HEBREW_MARK_ASTRAY = /(?<!\p{Script=Hebrew})[\u05f3\u05f4]/u
const JOINER_ASTRAY = /(?<![\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u1039\u17d2])\u200d/u
const HAS_JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u

function isInternationalLabel(label: string): boolean {
  if (FORBIDDEN.test(label) || MIDDLE_DOT_ASTRAY.test(label) || KERAIA_ASTRAY.test(label)) return false
  if (HEBREW_MARK_ASTRAY.test(label) || JOINER_ASTRAY.test(label)) return false
  if (label.includes('\u30fb') && !HAS_JAPANESE.test(label.replaceAll('\u30fb', ''))) return false
  return !(/[\u0660-\u0669]/.test(label) && /[\u06f0-\u06f9]/.test(label))
}
