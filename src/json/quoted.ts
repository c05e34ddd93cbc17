/** What needs no escape in a string of JSON. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** As `JSON.stringify`, which is dearer for what is mostly an id or a name. */
export const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text))
