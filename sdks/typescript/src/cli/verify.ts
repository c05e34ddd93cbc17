/** `clarion verify`: which signature of a request fits, and why none does. */
import { SIGNATURE_PROFILES, type SignatureProfile } from '../webhooks/profiles.ts'
import { refusalReason } from '../webhooks/verify.ts'
import { type Command, UsageError } from './command.ts'
import { readText } from './input.ts'

const REASONS: Record<string, string> = {
  header_missing: 'a header of this profile is not there, or several times with different values',
  signature_malformed: 'the signature is not in the form of this profile',
  too_old: 'the signed time is too old: see --tolerance',
  too_new: 'the signed time lies ahead: a clock is wrong',
  other_secret_or_body:
    'another secret signed it, or the body was changed on its way (a parser, a new line at its end)',
}

export const verify: Command = {
  name: 'verify',
  positionals: [],
  sentence: 'Check the signature of a request: its body on stdin, its headers in a file. Exits with 1 if none fits.',
  options: {
    secret: { type: 'string', value: 'TEXT', sentence: 'The secret, or whpk_… (CLARION_WEBHOOK_SECRET).' },
    'header-file': {
      type: 'string',
      value: 'FILE',
      sentence: 'The headers: NAME: VALUE, one a line, or a JSON object.',
    },
    profile: { type: 'string', value: 'NAME', sentence: `${SIGNATURE_PROFILES.join(', ')}; default: each of them.` },
    tolerance: { type: 'string', value: 'SECONDS', sentence: 'How old a signed time may be; default 300.' },
  },
  notes: '  clarion verify --secret whsec_… --header-file headers.txt < body.json',
  async run({ text, number, env, stdin, print, clock }) {
    const secret = text('secret') ?? env.CLARION_WEBHOOK_SECRET
    if (!secret) throw new UsageError('there is no secret', 'give --secret, or set CLARION_WEBHOOK_SECRET')
    const file = text('header-file')
    if (file === undefined) throw new UsageError('--header-file is missing', 'clarion verify --help')
    const headers = headersOf(await readText(file))
    const given = text('profile')
    if (given !== undefined && !SIGNATURE_PROFILES.includes(given as SignatureProfile))
      throw new UsageError(`there is no profile '${given}'`, `one of: ${SIGNATURE_PROFILES.join(', ')}`)
    const chunks: Buffer[] = []
    for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Buffer))
    const options = { toleranceSeconds: number('tolerance', 300, 0), now: clock.nowMs() }
    const judged = (given === undefined ? SIGNATURE_PROFILES : [given as SignatureProfile]).map(profile => {
      const reason = refusalReason(Buffer.concat(chunks), headers, secret, { ...options, profile })
      return {
        profile,
        genuine: reason === undefined,
        reason: reason ?? null,
        hint: reason === undefined ? null : (REASONS[reason] ?? reason),
      }
    })
    const shown = judged.filter(each => each.genuine || each.reason !== 'header_missing')
    print.table(shown.length > 0 ? shown : judged, ['profile', 'genuine', 'reason', 'hint'])
    return judged.some(({ genuine }) => genuine) ? 0 : 1
  },
}

function headersOf(text: string): Array<[string, string]> {
  if (text.trimStart().startsWith('{')) return Object.entries(JSON.parse(text) as Record<string, string>)
  return text
    .split(/\r?\n/)
    .filter(line => line.includes(':'))
    .map(line => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()])
}
