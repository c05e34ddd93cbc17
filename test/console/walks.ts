/** Pages of a whole platform's console, as people walk through them. */
import type { Browser, Locator, Page } from 'playwright-core'
import { openWatched, type WatchedPage } from './watched-page.ts'

const LOOK = { theme: 'light', width: 1_360 } as const

export interface Walks {
  open(path: string): Promise<WatchedPage>
  signIn(path?: string, key?: string): Promise<WatchedPage>
  close(): Promise<void>
}

export function createWalks(browser: Browser, base: string, apiKey: string): Walks {
  const opened: WatchedPage[] = []

  async function open(path: string): Promise<WatchedPage> {
    const watched = await openWatched(browser, base, LOOK)
    opened.push(watched)
    await watched.page.goto(`/console${path}`)
    return watched
  }

  return {
    open,
    async signIn(path = '/', key = apiKey) {
      const watched = await open(path)
      await watched.page.getByLabel('API key').fill(key)
      await watched.page.getByRole('button', { name: 'Sign in' }).click()
      await watched.page.getByRole('navigation', { name: 'Main navigation' }).waitFor()
      // The browser complains of the first look for a session, which is 404.
      watched.complaints.splice(0)
      return watched
    },
    async close() {
      for (const each of opened) await each.close()
    },
  }
}

export async function must<T>(answer: Promise<{ status: number; data: T; body: unknown }>): Promise<T> {
  const { status, data, body } = await answer
  if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`)
  return data
}

/** Counts the clicks of a walk. */
export function counted() {
  let clicks = 0
  return {
    count: () => clicks,
    async click(on: Locator) {
      clicks++
      await on.click()
    },
  }
}

export const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name })

/** A busy history answers 503 now and then: the page asks again. */
export const wrong = (complaints: readonly string[]): string[] => complaints.filter(each => !each.includes('503'))
