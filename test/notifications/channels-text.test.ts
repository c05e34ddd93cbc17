/** What channels make of a message: Slack, templates, quiet hours. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import type { Message } from '../../src/notifications/message.ts'
import { isQuiet, isTimeZone } from '../../src/notifications/quiet-hours.ts'
import { SLACK_CHARACTERS_MAX, slackBody } from '../../src/notifications/slack.ts'
import { renderTemplate, templateProblem } from '../../src/notifications/template.ts'

const messageOf = (changes: Partial<Message> = {}): Message => ({
  ...{ id: 'ntf_1', organizationId: 'org_1', environment: 'live', title: null, message: 'text', severity: 'info' },
  ...{ data: null, kind: null, createdAtMs: 0 },
  ...changes,
})
const bodyOf = (buffer: Buffer) => JSON.parse(buffer.toString())

describe('a Slack message', () => {
  it('can neither mention everybody nor make a link', () => {
    const { text, blocks } = bodyOf(slackBody(messageOf({ title: 'a & b', message: '<!channel> <https://x|y> &amp;' })))
    expect(text).toBe('*a &amp; b*\n&lt;!channel&gt; &lt;https://x|y&gt; &amp;amp;')
    expect(blocks[0].text.text).toBe(text)
  })

  it('of any text is at most 3,000 characters, with whole entities and whole characters', () => {
    const text = fc.string({ unit: fc.constantFrom('&', '<', 'x', '😀', '\n'), minLength: 500, maxLength: 4_000 })
    fc.assert(
      fc.property(text, message => {
        const shown = bodyOf(slackBody(messageOf({ message }))).text as string
        expect(shown.length).toBeLessThanOrEqual(SLACK_CHARACTERS_MAX)
        expect(shown.isWellFormed()).toBe(true)
        expect(shown.replace(/&(?:amp|lt|gt);/g, '')).not.toContain('&')
      }),
      { numRuns: 200 },
    )
  })
})

describe('a template', () => {
  it('gives JSON of its own shape, whatever the values are', () => {
    const template = '{"text":"{{title}}: {{ message }}","level":"{{severity}}","deep":["{{data.a.b}}"]}'
    expect(templateProblem(template)).toBeUndefined()
    const anything = fc.string({ unit: 'binary', maxLength: 50 })
    fc.assert(
      fc.property(anything, anything, anything, (title, message, b) => {
        const data = JSON.stringify({ a: { b } })
        const rendered = bodyOf(renderTemplate(template, messageOf({ title, message, data })))
        expect(rendered).toEqual({ text: `${title}: ${message}`, level: 'info', deep: [b] })
      }),
    )
  })

  it('leaves what is not there empty, and writes other values as their JSON', () => {
    const template = '{"a":"{{data.a.b}}","n":"{{data.n}}","o":"{{data.o}}","p":"{{data.constructor}}"}'
    const data = JSON.stringify({ n: 1.5, o: { q: '"' } })
    const rendered = bodyOf(renderTemplate(template, messageOf({ data })))
    expect(rendered).toEqual({ a: '', n: '1.5', o: '{"q":"\\""}', p: '' })
  })

  it.each([
    ['{"text": {{message}}}', /inside a string/],
    ['{"text": "{{massage}}"}', /\{\{massage\}\}/],
    ['{{message}}', /must be JSON/],
    [`{"t":"${'{{title}}'.repeat(21)}"}`, /places/],
    [`{"t":"${'x'.repeat(9_000)}"}`, /bytes/],
    ['{"t":"{{data.__proto__.x y}}"}', /data/],
  ])('%# that could not give JSON is refused', (template, problem) => {
    expect(templateProblem(template)).toMatch(problem)
  })
})

describe('quiet hours', () => {
  const at = (time: string) => Date.parse(time)
  const night = { from: '22:00', to: '07:00', timeZone: 'Europe/Berlin' }

  it('go across midnight, from their beginning on and before their end', () => {
    const cases = [
      ['2026-01-10T20:59:59Z', false],
      ['2026-01-10T21:00:00Z', true],
      ['2026-01-10T23:30:00Z', true],
      ['2026-01-11T05:59:59Z', true],
      ['2026-01-11T06:00:00Z', false],
    ] as const
    for (const [time, quiet] of cases) expect([time, isQuiet(night, at(time))]).toEqual([time, quiet])
  })

  it('follow daylight saving time, on its first and last night too', () => {
    const cases = [
      // 29 March 2026: at 2:00 clocks show 3:00, so 7:00 is 5:00 UTC.
      ['2026-03-29T04:59:59Z', true],
      ['2026-03-29T05:00:00Z', false],
      // 25 October 2026: at 3:00 clocks show 2:00 again, so 7:00 is 6:00 UTC.
      ['2026-10-25T05:59:59Z', true],
      ['2026-10-25T06:00:00Z', false],
    ] as const
    for (const [time, quiet] of cases) expect([time, isQuiet(night, at(time))]).toEqual([time, quiet])
    const gap = { from: '02:30', to: '03:10', timeZone: 'Europe/Berlin' }
    expect(isQuiet(gap, at('2026-03-29T01:05:00Z'))).toBe(true)
  })

  it('within one day end on the same day', () => {
    const noon = { from: '12:00', to: '13:00', timeZone: 'Asia/Kathmandu' }
    expect(isQuiet(noon, at('2026-06-01T06:15:00Z'))).toBe(true)
    expect(isQuiet(noon, at('2026-06-01T07:15:00Z'))).toBe(false)
  })

  it('are in a time zone that exists', () => {
    expect(['Europe/Berlin', 'UTC', 'Mars/Olympus', '../etc/passwd', ''].map(isTimeZone)).toEqual([
      ...[true, true, false, false, false],
    ])
  })
})
