/** Certificates and keys: a path, or the PEM text itself, in which line ends may be written as \\n. */
import { readFileSync } from 'node:fs'
import { type Kind, SettingFault } from './kind.ts'

const BEGINS = '-----BEGIN '

/** A path is not opened yet: `readPem` does that when the platform starts. */
export const pem: Kind<string> = {
  expected: 'a PEM file, or its text',
  parse(text) {
    if (!text.includes(BEGINS)) {
      if (/\p{Cc}/u.test(text))
        throw new SettingFault('it holds control characters and no line that begins with -----BEGIN')
      return text
    }
    return text.replaceAll('\\n', '\n')
  },
}

/** The PEM text of a setting's value. Throws a sentence that names the setting, never the content of the file. */
export function readPem(name: string, value: string): string {
  if (value.includes(BEGINS)) return value
  let text: string
  try {
    text = readFileSync(value, 'utf8')
  } catch (error) {
    throw new Error(`${name}: the file ${value} cannot be read (${(error as { code?: string }).code ?? String(error)})`)
  }
  if (!text.includes(BEGINS))
    throw new Error(`${name}: the file ${value} holds no PEM text, which begins with ${BEGINS.trim()}`)
  return text
}
