/**
 * The reference page of the codes, generated from the table; `bin/reference.mjs` writes it, and a test detects a stale
 * page.
 */
import { CODES } from '../src/model/codes.ts'

export function codesPage(): string {
  const rows = Object.entries(CODES)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([code, { status, retryable, meaning }]) =>
        `| \`${code}\` | ${status} | ${retryable ? 'yes' : 'no'} | ${meaning.replaceAll('|', '\\|')} |`,
    )
  return `${[
    '# Codes',
    '',
    'Every error answer carries one of these in `error.code`; record headers, logs and metrics use the same words.',
    'This page is made from `src/model/codes.ts` by `node bin/reference.mjs`.',
    '',
    '| code | status | retryable | meaning |',
    '|---|---|---|---|',
    ...rows,
  ].join('\n')}\n`
}
