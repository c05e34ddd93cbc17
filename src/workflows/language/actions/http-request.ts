import { anything, choice, fields, headerName, headers, literal, spec } from '../action-spec.ts'

export const httpRequest = spec({
  type: 'http_request',
  summary:
    'Sends a request to an address outside, through the guard that webhooks pass too. Redirects are not followed.',
  effect: 'outward',
  schema: fields(
    {
      method: choice('GET unless set', ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']),
      url: literal('Scheme and host are literal or from $env; other templates are percent-encoded', {
        maxLength: 4_096,
        'x-template': 'url',
        'x-secrets': true,
      }),
      query: {
        type: 'object',
        description: 'Added to the URL, percent-encoded; null is left out, a list repeats the name',
        'x-template': 'value',
        'x-secrets': true,
      },
      headers: headers({ 'x-secrets': true }),
      body: anything('A string is sent as it is, everything else as JSON', { 'x-secrets': true }),
      auth: fields(
        {
          type: choice('How the secret is sent', ['bearer', 'basic', 'header']),
          secret: literal('The name of a secret, or a template such as `user:{{$env.PASSWORD}}`', {
            maxLength: 1_000,
            'x-template': 'header',
            'x-secrets': true,
          }),
          name: headerName('The header, with `type: header`'),
        },
        ['type', 'secret'],
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        { if: { properties: { type: { const: 'header' } } }, then: { required: ['name'] } },
      ),
      failOnStatus: {
        description: 'The statuses that fail the step: 400 and above unless set; `false` for none',
        anyOf: [
          { const: false },
          { type: 'array', maxItems: 100, items: { type: 'integer', minimum: 100, maximum: 599 } },
        ],
      },
    },
    ['url'],
  ),
  output: { status: 200, headers: { 'content-type': 'application/json' }, body: {}, durationMs: 0 },
  timeoutCode: 'http_timeout',
})
