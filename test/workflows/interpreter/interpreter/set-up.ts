export const value = (key: string, template: unknown, more: object = {}) => ({
  key,
  type: 'transform',
  with: { template },
  ...more,
})

export const get = (key: string, more: object = {}) => ({ key, type: 'table_get', with: { table: 't' }, ...more })

export const http = (key: string, more: object = {}) => ({
  key,
  type: 'http_request',
  with: { url: 'https://a.test/' },
  ...more,
})

export const insert = (key: string) => ({ key, type: 'table_insert', with: { table: 't', values: { a: 1 } } })

export const loop = (key: string, items: unknown, body: unknown[], more: object = {}) => ({
  key,
  type: 'loop_data',
  with: { items, ...more },
  do: body,
})
