/** What people do in the console, against a whole platform, found by role and name; clicks are counted. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import type { Browser } from 'playwright-core'
import { patient } from '../support/patience.ts'
import { sharedPlatform, type TestOrganization, type TestPlatform } from '../support/platform.ts'
import { createReceiver, type Receiver } from '../support/receiver.ts'
import { until } from '../support/until.ts'
import { openBrowser } from './browser.ts'
import { builtConsole } from './built.ts'
import { counted, createWalks, heading, must, type Walks, wrong } from './walks.ts'

const EVENTS = 3
/** To look at. */
const PICTURES = fileURLToPath(new URL('../../results/console', import.meta.url))

let platform: TestPlatform
let browser: Browser
let receiver: Receiver
let organization: TestOrganization
let walks: Walks
let webhookId: string

beforeAll(async () => {
  mkdirSync(PICTURES, { recursive: true })
  await builtConsole()
  platform = await sharedPlatform()
  browser = await openBrowser()
  receiver = await createReceiver({ answer: () => ({ status: 503, body: '<b>upstream connect error</b>' }) })
  organization = await platform.organization()
  walks = createWalks(browser, platform.base, organization.apiKey)
  const { call, slug } = organization
  await must(
    call('POST', '/api/v1/events/custom', {
      ...{ namespace: slug, name: 'order.paid', version: '1.0.0', status: 'published' },
      payloadSchema: { type: 'object', required: ['total'], properties: { total: { type: 'number' } } },
      payloadExample: { total: 1 },
    }),
  )
  const made = await must(
    call('POST', '/api/v1/webhooks', {
      ...{ name: 'billing', url: receiver.url, events: [`${slug}.order.paid`], retry: { delays: [0, 0] } },
    }),
  )
  webhookId = String(made.id)
}, patient(240_000))

afterAll(async () => {
  await walks?.close()
  await browser?.close()
  await receiver?.close()
})

/** Emits as a program does, and waits until the history has the deliveries in this state. */
async function emitAll(status: string): Promise<string[]> {
  const { call, slug } = organization
  const ids: string[] = []
  for (let number = 0; number < EVENTS; number++) {
    const body = `{"name":"${slug}.order.paid","payload":{"total":12.50,"note":"<script>1</script>"},"subject":"order-${number}"}`
    ids.push(String((await must(call('POST', '/api/v1/events/custom/emit', body))).eventId))
  }
  const path = `/api/v1/webhooks/${webhookId}/deliveries?status=${status}`
  const deliveries = async () => (await call<Array<{ eventId: string }>>('GET', path)).data
  await until(deliveries, found => ids.every(id => found.some(({ eventId }) => eventId === id)))
  return ids
}

it('signs in with a key that the browser does not keep, and says one thing about every wrong one', async () => {
  const { page, context } = await walks.open('/webhooks')
  await page.getByLabel('API key').fill('ck_live_wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('unauthorized', { exact: true }).waitFor()
  await page.getByLabel('API key').fill(organization.apiKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await heading(page, 'Webhooks').waitFor()
  const [cookie] = await context.cookies()
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
  expect(cookie!.value).not.toContain(organization.apiKey)
  expect(await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])')).not.toContain('ck_live')
  await page.getByRole('button', { name: 'View' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await heading(page, 'Sign in to Clarion').waitFor()
})

it('signs in by a link, once, and takes the token out of the address', async () => {
  const made = await must(
    platform.call<{ url: string }>(organization.apiKey, 'POST', '/api/v1/sessions/login-tokens', {}),
  )
  const path = made.url.slice(made.url.indexOf('/console') + '/console'.length)
  const { page } = await walks.open(path)
  await heading(page, 'Home').waitFor()
  expect(page.url()).not.toContain('login')
  const again = await walks.open(path)
  await again.page.getByText('The link does not work any more').waitFor()
})

it('a newcomer sees a webhook delivered and verified, then failing and delivered, in three clicks', async () => {
  const { page, complaints, findings } = await walks.signIn('/start', platform.adminKey)
  await heading(page, 'First run').waitFor()
  const walk = counted()
  const got = page.getByRole('log', { name: 'Requests' })
  await walk.click(page.getByRole('button', { name: 'Start' }))
  await walk.click(page.getByRole('button', { name: 'Send the first event' }))
  await got.getByText('signature verified').first().waitFor()
  await page.getByRole('region', { name: 'Body of the request' }).getByText('"total": 12.50').waitFor()
  await page
    .getByText(/200 in \d+ ms/)
    .first()
    .waitFor()
  await walk.click(page.getByRole('button', { name: 'Let it fail' }))
  await got.getByText('attempt 3').waitFor()
  // Attempts come from the history, which is behind on a busy machine.
  await page.getByText(/answer 503 → answer 503 → 200/).waitFor({ timeout: patient(60_000) })
  expect(walk.count()).toBe(3)
  for (const [language, part] of [
    ['curl', 'Bearer ck_test_'],
    ['TypeScript', 'createClient'],
    ['Python', 'api_key="ck_test_'],
    ['Go', 'NewClient'],
  ] as const) {
    await page.getByRole('button', { name: language }).click()
    await page.getByRole('region', { name: 'The same from your program' }).getByText(part).waitFor()
  }
  expect(await findings()).toEqual([])
  // The event is asked for before the history has it.
  expect(wrong(complaints).filter(each => !each.includes('404'))).toEqual([])
  await page.screenshot({ path: join(PICTURES, 'first-run.png'), fullPage: true })
  await page.setViewportSize({ width: 360, height: 820 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.screenshot({ path: join(PICTURES, 'first-run-narrow-dark.png'), fullPage: true })
  expect(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth')).toBe(0)
})

it('a failing webhook: from the error to everything delivered, on one page, in five clicks', async () => {
  await emitAll('failed')
  const { page, complaints } = await walks.signIn(`/webhooks/${webhookId}`)
  await heading(page, 'billing').waitFor()
  const walk = counted()
  await walk.click(page.getByRole('button', { name: 'answer 503' }))
  const panel = page.getByRole('region', { name: 'Delivery', exact: true })
  await panel.getByText('<b>upstream connect error</b>').waitFor()
  expect(await panel.getByRole('region', { name: 'Headers of the request' }).textContent()).toContain(
    'webhook-signature: •••',
  )
  receiver.answerWith(() => ({ status: 200 }))
  await walk.click(page.getByRole('button', { name: 'Test', exact: true }))
  await page.getByText('The test was answered 200').waitFor()
  await walk.click(page.getByRole('button', { name: /^Recover/ }))
  await walk.click(page.getByRole('button', { name: `Deliver ${EVENTS}` }))
  await page.getByRole('region', { name: 'Progress of replays' }).getByText('completed').waitFor()
  await page.getByText(`${EVENTS} of ${EVENTS} delivered`).waitFor()
  expect(walk.count()).toBeLessThanOrEqual(5)
  expect(wrong(complaints)).toEqual([])
})

it('"it never came": from a pasted id to its history, without a click', async () => {
  const [id] = await emitAll('success')
  const { page, complaints } = await walks.signIn()
  await page.keyboard.press('/')
  await page.keyboard.type(id!)
  await page.keyboard.press('Enter')
  await heading(page, /order\.paid no\. /).waitFor()
  expect(await page.getByRole('region', { name: 'Payload' }).textContent()).toContain('"total": 12.50')
  await page.getByRole('link', { name: 'billing' }).first().waitFor()
  expect(wrong(complaints)).toEqual([])
})

it('emits from the form of a schema, and numbers are sent as they were typed', async () => {
  const { page } = await walks.signIn(`/emit?name=${organization.slug}.order.paid`)
  await page.getByLabel('total').fill('12.50')
  await page.getByRole('button', { name: 'Emit to live' }).click()
  await page.getByRole('link', { name: 'Open the event' }).click()
  await heading(page, /order\.paid no\. /).waitFor()
  expect(await page.getByRole('region', { name: 'Payload' }).textContent()).toContain('12.50')
})

it('shows events as they are accepted', async () => {
  const { page, complaints } = await walks.signIn('/live')
  await page.getByText('Live', { exact: true }).nth(1).waitFor()
  await page.getByText('No event yet.').waitFor()
  await emitAll('success')
  await page
    .getByRole('link', { name: `${organization.slug}.order.paid` })
    .first()
    .waitFor()
  expect(wrong(complaints)).toEqual([])
})

it('a deleted key ends its session with the next call', async () => {
  const made = await must(
    organization.call<{ key: { id: string }; apiKey: string }>('POST', '/api/v1/keys', {
      ...{ name: 'short', environment: 'live', scopes: ['webhooks:read'] },
    }),
  )
  const { page } = await walks.open('/webhooks')
  await page.getByLabel('API key').fill(made.apiKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('link', { name: 'billing' }).waitFor()
  await must(organization.call('DELETE', `/api/v1/keys/${made.key.id}`))
  await page.reload()
  await heading(page, 'Sign in to Clarion').waitFor()
})

it("another organization's ids are shown as if there were none", async () => {
  const other = await platform.organization()
  const { page } = await walks.open(`/webhooks/${webhookId}`)
  await page.getByLabel('API key').fill(other.apiKey)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('not_found', { exact: true }).waitFor()
  expect(await page.getByText('billing').count()).toBe(0)
})

it('dead letters of one error are counted, sent again as a job, and followed to its end', async () => {
  receiver.answerWith(() => ({ status: 429 }))
  await emitAll('failed')
  receiver.answerWith(() => ({ status: 200 }))
  // A webhook that is held for its failures is well again.
  await must(organization.call('POST', `/api/v1/webhooks/${webhookId}/test`))
  const { page, complaints } = await walks.signIn('/dead-letters')
  const walk = counted()
  await walk.click(page.getByRole('button', { name: 'Retry answer 429 of billing …' }))
  await walk.click(page.getByRole('button', { name: `Retry ${EVENTS}` }))
  const progress = page.getByRole('region', { name: 'Progress of replays' })
  await progress.getByText('completed').waitFor()
  await progress.getByText(`${EVENTS} of ${EVENTS} sent again`).waitFor()
  await walk.click(progress.getByRole('link', { name: 'redrive' }))
  await heading(page, 'A redrive').waitFor()
  await page.getByText('answer 429').first().waitFor()
  expect(walk.count()).toBe(3)
  expect(wrong(complaints)).toEqual([])
})

it('a message that failed in a queue is seen with its payload, and handed out again', async () => {
  const { call, slug } = organization
  const queue = await must(call('POST', '/api/v1/queues', { name: 'invoicing', selectors: [`${slug}.order.paid`] }))
  const path = `/api/v1/queues/${queue.id}`
  await emitAll('success')
  const order = { max: 1, waitSeconds: 20 }
  const { messages } = (await must(call('POST', `${path}/receive`, order))) as unknown as {
    messages: [{ receipt: string }]
  }
  await must(call('POST', `${path}/nack`, { receipts: [messages[0].receipt], dead: true }))
  const { page, complaints } = await walks.signIn(`/queues/${queue.id}`)
  await page.getByText('1 message has failed for good').waitFor()
  await page.getByRole('button', { name: `${slug}.order.paid` }).click()
  expect(await page.getByRole('region', { name: 'Payload' }).textContent()).toContain('"total": 12.50')
  await page.getByRole('button', { name: 'Hand out 1 again' }).click()
  await page.getByText('1 message is handed out again.').waitFor()
  await page.getByText('No message has failed for good.').waitFor()
  expect(wrong(complaints)).toEqual([])
})

it('a failed run opens at its fault, and is run again from there', async () => {
  const { call } = organization
  receiver.answerWith(() => ({ status: 404 }))
  const actions = [
    { key: 'amount', type: 'transform', with: { template: '{{$param.amount}}' } },
    { key: 'ask', type: 'http_request', with: { url: `${receiver.url}/stock` } },
  ]
  const body = { name: 'Reorder', trigger: { kind: 'manual' }, definition: { language: 1, actions } }
  const { id } = await must(call('POST', '/api/v1/workflows', body))
  await must(call('POST', `/api/v1/workflows/${id}/deploy`))
  const { page, complaints } = await walks.signIn(`/workflows/${id}`)
  await heading(page, 'Reorder').waitFor()
  const walk = counted()
  await walk.click(page.getByRole('button', { name: 'Run by hand' }))
  await page.getByLabel('Parameters, as JSON').fill('{"amount":12.50}')
  await walk.click(page.getByRole('button', { name: 'Start the run' }))
  await page.getByText('The run failed at ask.').waitFor()
  await page.getByRole('region', { name: 'Step', exact: true }).getByText('ask', { exact: true }).waitFor()
  expect(await page.getByRole('region', { name: 'Parameters of the run' }).textContent()).toContain('12.5')
  receiver.answerWith(() => ({ status: 200 }))
  await walk.click(page.getByRole('button', { name: 'Run again from ask' }))
  await page.locator('header').getByText('succeeded').waitFor()
  expect(walk.count()).toBe(3)
  // A run is asked for before its owner shows it.
  expect(wrong(complaints).filter(each => !each.includes('404'))).toEqual([])
})
