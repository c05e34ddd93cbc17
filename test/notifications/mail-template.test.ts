/** Templates of mails: values are escaped where they must be, are never read as templates, and no mail has a hole. */
import { describe, expect, it } from '@jest/globals'
import { mailTextProblem, renderMail } from '../../src/notifications/mail-template.ts'

const texts = {
  subject: 'Order {{ order.id }}',
  html: '<p title="{{name}}">{{name}}</p>',
  text: 'For {{name}}: {{lines}}',
}

describe('a mail template', () => {
  it('takes texts as they are and everything else as JSON, escaped in HTML alone', () => {
    const name = `<b>"Ada" & 'Eve'</b>{{order.id}}`
    expect(renderMail(texts, { order: { id: 7 }, name, lines: [{ sku: 'A1' }] })).toEqual({
      ok: true,
      mail: {
        subject: 'Order 7',
        html: `<p title="${ESCAPED}">${ESCAPED}</p>`,
        text: `For ${name}: [{"sku":"A1"}]`,
      },
    })
  })

  it('names every variable that is not there, also those that only a prototype has', () => {
    expect(renderMail({ ...texts, text: '{{constructor.name}}{{name.length}}' }, { name: null })).toEqual({
      ok: false,
      problem: 'The template needs order.id, name, constructor.name, name.length in variables.',
    })
  })

  it('makes no mail beyond 200,000 characters', () => {
    const text = '{{name}}'.repeat(100)
    expect(renderMail({ subject: 's', html: null, text }, { name: 'x'.repeat(3_000) })).toMatchObject({ ok: false })
  })

  it.each([
    '{{}}',
    '{{a b}}',
    '{{a.}}',
    '{{$param.x}}',
    '{{a | upper}}',
    'x {{a',
    '{{a{{b}}',
    '{{1a}}',
    '{{a}}'.repeat(201),
  ])('cannot be %s', text => {
    expect(mailTextProblem(text)).toEqual(expect.any(String))
  })

  it.each(['', 'no place', '{ a }', '}}', '{{a}}', '{{ a.b-c.0 }} {{_x}}'])('can be %j', text => {
    expect(mailTextProblem(text)).toBeUndefined()
  })
})

const ESCAPED = '&lt;b&gt;&quot;Ada&quot; &amp; &#39;Eve&#39;&lt;/b&gt;{{order.id}}'
